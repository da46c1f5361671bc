// One message as it is drawn: what the log has, with what waits to change it laid over. Beside each view comes its sign:
// a text that changes exactly when the view does.
import type { Client } from '../client/client';
import type { Command, CommandBody } from '../client/command';
import type { Room } from '../client/room';
import type { Post, Reaction } from '../client/room-log';
import type { Seq } from '../protocol/ids';
import { clockTime, fullTime } from './dates';
import { failureText } from './errors';
import { wordsOrFiles } from './files-view';
import { namesUser, plainLine } from './markup';
import { faceOf, nameOf, shortName } from './names';
import { formatList, locale, t } from './texts';
import type { FaceView, MessageState, MessageView, QuoteView, ReactionView } from './views';

export interface MessageContext {
  client: Client;
  room: Room;
  commands: Command[];
  /** Keys of commands whose entry is in the log already. */
  shown: Set<string>;
  moderates: boolean;
  readThrough: Seq;
  lastOwnRead: Seq | undefined;
  highlighted: string | undefined;
  handle: string;
}

export const keyOf = (room: Room, seq: Seq): string => room.claimed.get(seq) ?? String(seq);

type Drawn = [view: MessageView, sign: string];

/** Views of messages by what they depend on: most stay as they are while others come. */
const drawn = new WeakMap<Post, { quick: string; drawn: Drawn }>();

export function messageView(context: MessageContext, post: Post): Drawn {
  const { client, room, commands } = context;
  const changes = commands.filter((command) => command.body.type !== 'send' && command.body.of === post.seq).map((command) => command.body);
  const quoted = post.replyTo === undefined ? undefined : room.log.post(post.replyTo);
  const quick = `${post.version} ${changes.length > 0 ? JSON.stringify(changes) : ''} ${post.by === client.myId && context.readThrough >= post.seq} ${quoted?.version} ${context.highlighted === keyOf(room, post.seq)} ${context.moderates} ${context.lastOwnRead === post.seq ? context.readThrough : ''} ${room.reads.size} ${client.people.version} ${context.handle} ${locale()}`;
  const known = drawn.get(post);
  if (known?.quick === quick) return known.drawn;
  const fresh = draw(context, post, changes);
  drawn.set(post, { quick, drawn: fresh });
  return fresh;
}

function draw(context: MessageContext, post: Post, changes: CommandBody[]): Drawn {
  const { client, room } = context;
  const own = post.by === client.myId;
  const edit = changes.findLast((body) => body.type === 'edit');
  const deleted = changes.some((body) => body.type === 'delete');
  const key = keyOf(room, post.seq);
  const text = edit?.type === 'edit' ? edit.text : post.text;
  const state: MessageState | undefined = own ? (edit ? 'pending' : context.readThrough >= post.seq ? 'read' : 'sent') : undefined;
  const quote = quoteOf(context, post.replyTo);
  const readers = context.lastOwnRead === post.seq ? readersOf(context, post.seq) : undefined;
  const alive = !post.deleted && !deleted;
  const reactions = reactionsOf(context, post, changes);
  const view: MessageView = {
    key,
    seq: post.seq,
    text,
    files: alive ? post.files : undefined,
    time: clockTime(post.at),
    fullTime: fullTime(post.at),
    state,
    edited: post.editedAt === undefined ? undefined : t('message.edited_at', { when: fullTime(post.editedAt) }),
    erased: alive ? undefined : erasedOf(context, post),
    quote: alive ? quote : undefined,
    reactions: alive ? reactions : [],
    callsYou: alive && !own && namesUser(text, context.handle),
    readers,
    canEdit: alive && own,
    canDelete: alive && (own || context.moderates),
    highlighted: context.highlighted === key,
  };
  const sign = [key, post.version, JSON.stringify(changes), state, quote?.author, quote?.text, context.highlighted === key, context.moderates, view.erased?.text, readers?.map((reader) => reader.name).join(), reactions.map((reaction) => reaction.names).join()].join('\u0001');
  return [view, sign];
}

/** Acked, and its entry on the way. */
export function landedView(context: MessageContext, landed: Room['landed'][number]): Drawn {
  const view = plainView(context, landed.key, landed.text, landed.at, landed.replyTo, 'sent');
  return [{ ...view, seq: landed.seq, files: landed.files, canEdit: true, canDelete: true }, `${landed.key} landed`];
}

export function waitingView(context: MessageContext, command: Command, body: Extract<CommandBody, { type: 'send' }>): Drawn {
  const { failed } = command;
  const view = plainView(context, command.key, body.text, command.at, body.replyTo, failed ? 'failed' : 'pending');
  const failure = failed && failureText(failed.code, failed.detail);
  return [{ ...view, files: body.files?.map((file) => file.attachment), failure }, `${command.key} ${failure ?? 'waits'}`];
}

function plainView(context: MessageContext, key: string, text: string, at: number, replyTo: Seq | undefined, state: MessageState): MessageView {
  return {
    key,
    text,
    time: clockTime(at),
    fullTime: fullTime(at),
    state,
    quote: quoteOf(context, replyTo),
    reactions: [],
    callsYou: false,
    canEdit: false,
    canDelete: false,
    highlighted: false,
  };
}

function erasedOf({ client }: MessageContext, post: Post): MessageView['erased'] {
  const by = post.deleted?.by ?? (post.deleted ? undefined : client.myId);
  const byModerator = by !== undefined && post.by !== by;
  if (by === undefined) return { text: t('message.gone'), byModerator: false };
  const who = shortName(nameOf(client, by));
  if (byModerator) {
    const reason = post.deleted?.reason;
    return { text: reason ? t('message.deleted_reason', { who, reason }) : t('message.deleted_moderator', { who }), byModerator };
  }
  return { text: by === client.myId ? t('message.deleted_by_you') : t('message.deleted_by', { who }), byModerator };
}

function quoteOf({ client, room }: MessageContext, replyTo: Seq | undefined): QuoteView | undefined {
  if (replyTo === undefined) return undefined;
  const post = room.log.post(replyTo);
  const key = keyOf(room, replyTo);
  if (!post) return { key, author: '', text: t('message.older') };
  return { key, author: post.by === client.myId ? t('common.you') : shortName(nameOf(client, post.by)), text: post.deleted ? t('message.gone') : plainLine(wordsOrFiles(post.text, post.files ?? [])) };
}

function readersOf({ client, room }: MessageContext, seq: Seq): FaceView[] {
  return [...room.reads].filter(([user, read]) => read >= seq && user !== client.myId).map(([user]) => faceOf(client, user));
}

function reactionsOf({ client }: MessageContext, post: Post, changes: CommandBody[]): ReactionView[] {
  const mine = new Map<string, boolean>();
  for (const body of changes) if (body.type === 'react') mine.set(body.emoji, body.on);
  const fresh: Reaction[] = [...mine].filter(([emoji, on]) => on && !post.reactions.some((reaction) => reaction.emoji === emoji)).map(([emoji]) => ({ emoji, count: 0, mine: false, users: [] }));
  return [...post.reactions, ...fresh]
    .map((reaction) => {
      const on = mine.get(reaction.emoji) ?? reaction.mine;
      const count = reaction.count + Number(on) - Number(reaction.mine);
      return { emoji: reaction.emoji, count, mine: on, names: reactionNames(client, reaction, on, count) };
    })
    .filter((reaction) => reaction.count > 0);
}

function reactionNames(client: Client, reaction: Reaction, mine: boolean, count: number): string {
  const names = reaction.users.filter((user) => user !== client.myId).map((user) => shortName(nameOf(client, user)));
  if (mine) names.push(names.length === 0 ? t('common.you') : t('common.you_inside'));
  const rest = count - names.length;
  return rest > 0 && names.length > 0 ? `${names.join(', ')} ${t('room.and_more', { n: rest })}` : rest > 0 ? String(rest) : formatList(names);
}
