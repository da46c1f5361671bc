// The middle of a room: bar, timeline or the empty room, and the composer.
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import type { Room } from '../../client/room';
import { roomMenu } from './room-menu';
import { connectionView } from '../../view-models/connection-view';
import { presenceOf, presenceText } from '../../view-models/names';
import type { RoomModel } from '../../view-models/room-model';
import { t } from '../../view-models/texts';
import { useDialogs } from '../dialogs/dialog-request';
import { useDrop } from '../files/use-drop';
import { useApp, useClient, useNow } from '../use-model';
import type { ComposerHandle } from './Composer';
import { EmptyRoom } from './EmptyRoom';
import { RoomActionsContext } from './room-actions';
import { RoomBar } from './RoomBar';
import { RoomFoot } from './RoomFoot';
import { RoomTimeline } from './RoomTimeline';
import { useRoomActionsOf } from './use-room-actions';

const EmojiPicker = lazy(() => import('./EmojiPicker'));

interface Props {
  model: RoomModel;
  room: Room;
  name: string;
  side: boolean;
  onSide: (open: boolean | undefined) => void;
}

export interface EmojiRequest {
  anchor: DOMRect;
  /** The message to react to; none for the composer. */
  seq?: number | undefined;
}

export function RoomStage({ model, room, name, side, onSide }: Props) {
  const app = useApp();
  const client = useClient();
  const open = useDialogs();
  const now = useNow();
  const composer = useRef<ComposerHandle>(null);
  const [emoji, setEmoji] = useState<EmojiRequest>();
  const actions = useRoomActionsOf(model, setEmoji);
  const { info } = room;
  const peer = info?.kind === 'direct' ? info.peer : undefined;
  const alone = peer === undefined && info?.members === 1 && room.posts === 0 && room.landed.length === 0 && client.outbox.of(room.id).length === 0;
  useEffect(() => {
    if (!window.matchMedia('(max-width: 760px)').matches) composer.current?.focus();
  }, [room.id]);
  const takesFiles = client.limits.attachments_per_message > 0 && !(info?.kind === 'channel' && info.myRole === 'member');
  const addFiles = useCallback(
    (files: File[]) => {
      client.uploads.add(room.id, files.map((file) => ({ name: file.name, content: file })));
      composer.current?.focus();
    },
    [client, room.id],
  );
  const onFiles = takesFiles ? addFiles : undefined;
  const drop = useDrop(onFiles);
  const closeEmoji = useCallback(() => setEmoji(undefined), []);
  return (
    <RoomActionsContext value={actions}>
      <main className="stage" data-region="stage" {...drop.handlers} onKeyDown={(event) => event.key === 'Escape' && (event.target as HTMLElement).closest('.timeline') && model.markRead()}>
        <RoomBar
          id={room.id}
          name={name}
          face={peer === undefined ? undefined : { id: peer, name, presence: presenceOf(client, peer) }}
          description={info?.topic ?? ''}
          people={peer === undefined ? asOf(client, peopleText(room, presentIn(room, client))) : presenceText(client, peer, now)}
          sideOpen={side}
          muted={info?.muted ?? false}
          menu={roomMenu({ app, client, room, model, open, onSide: () => onSide(true) })}
          inviteFirst={alone}
          onBack={() => app.go({ at: 'rooms' })}
          onSide={() => onSide(!side)}
          onMute={() => void client.api.changeMyRoom(room.id, { muted: !info?.muted }).then(() => client.refresh('rooms'))}
          onInvite={() => open({ kind: 'invite', room: room.id })}
          onFace={() => onSide(true)}
        />
        {alone ? (
          <EmptyRoom
            hasPassword={client.me?.has_password ?? true}
            onInvite={() => open({ kind: 'invite', room: room.id })}
            onFind={() => open({ kind: 'add_people', room: room.id })}
            onPassword={() => app.go({ at: 'settings', part: 'password' })}
          />
        ) : (
          <RoomTimeline model={model} room={room} name={name} />
        )}
        <RoomFoot model={model} room={room} name={name} alone={alone} composer={composer} onEmoji={(anchor) => setEmoji({ anchor })} onFiles={onFiles} />
        {drop.over && <p className="drop-here">{t('files.drop')}</p>}
        {emoji && (
          <Suspense>
            <EmojiPicker
              anchor={emoji.anchor}
              onClose={closeEmoji}
              onChoose={(one) => (emoji.seq === undefined ? composer.current?.insert(one) : actions.react(emoji.seq, one, true))}
            />
          </Suspense>
        )}
      </main>
    </RoomActionsContext>
  );
}

/** Offline the bar says from when it is what it says. */
function asOf(client: ReturnType<typeof useClient>, text: string): string {
  const { kind, since } = connectionView(client);
  return kind === 'offline' ? t('room.as_of', { when: since, text }) : text;
}

function peopleText(room: Room, present: number): string {
  const members = room.info?.members ?? 0;
  if (members === 1) return t('room.one_you');
  const count = t('room.members_count', { n: members });
  return present > 0 ? `${count}, ${t('room.at_table', { n: present })}` : count;
}

/** Who of the members is there: counted from their presence, as far as the list of members is here. */
function presentIn(room: Room, client: ReturnType<typeof useClient>): number {
  if (!client.online) return 0;
  return (room.members ?? []).filter((member) => presenceOf(client, member.user.id) !== 'off').length;
}
