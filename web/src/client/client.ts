// The client of one account: rooms kept in step, commands on their way, people, friends, settings. It holds the state
// and the rules; the sockets are connection/, what is drawn is view-models/. Read on in sync.ts, outbox.ts, room.ts.
import { Api } from '../connection/api';
import { Connection, type ConnectionState } from '../connection/connection';
import { ConnectionLost, RequestError } from '../connection/request-error';
import type { Entry } from '../protocol/entries';
import type { Ack, GoneChange, NoticeFrame, ReadFrame, RoomFrame, RoomHead, ServerFrame, TypingFrame, Welcome } from '../protocol/frames';
import type { RoomId, Seq, TimeMs, UserId } from '../protocol/ids';
import { standardLimits, type Limits } from '../protocol/limits';
import type { Friend, Me, Room as WireRoom, Settings, User } from '../protocol/rest';
import type { Platform } from '../platform/platform';
import type { Account, AccountStorage } from '../storage/storage';
import { Changes } from './changes';
import type { Command, CommandBody } from './command';
import { FileLinks } from './file-links';
import { Keeper, type SavedState } from './keeper';
import { LineState } from './line-state';
import { Outbox } from './outbox';
import { People } from './people';
import { Room } from './room';
import { Sync } from './sync';
import { Typing } from './typing';
import { Uploads } from './uploads';
import { Watched } from './watched';

/** A log that nobody looks at is cut back to the one when it is longer than the other, in items. */
const LOG_KEPT = 500;
const LOG_MAX = 1000;
/** The same for the open room, while its newest messages are looked at. */
const OPEN_LOG_KEPT = 2000;
const OPEN_LOG_MAX = 4000;

export class Client {
  readonly account: Account;
  readonly api: Api;
  readonly people: People;
  readonly outbox: Outbox;
  readonly uploads: Uploads;
  readonly links: FileLinks;
  readonly changes = new Changes();
  rooms = new Map<RoomId, Room>();
  me: Me | undefined;
  admin = false;
  limits: Limits = standardLimits;
  friends: Friend[] = [];
  blocks: User[] = [];
  settings: Settings = {};
  /** Whether the list of rooms was ever fetched: before that, empty means "not yet". */
  loaded = false;
  readonly lineState: LineState;
  /** Called when the token is no longer good. */
  onSignedOut = () => {};
  /** Each is called for each new entry of others, as it comes. */
  readonly news = new Set<(room: Room, entry: Entry) => void>();
  private readonly platform: Platform;
  private readonly line: Connection;
  private readonly sync: Sync;
  private readonly keeper: Keeper;
  private readonly watched: Watched;
  private readonly typing: Typing;
  private history: string | undefined;
  private feed = 0;
  private openedRoom: RoomId | undefined;
  private refreshing = new Map<string, Promise<void>>();

  constructor(account: Account, platform: Platform, storage: AccountStorage) {
    this.account = account;
    this.platform = platform;
    this.api = new Api(account.server, platform, account.token);
    this.lineState = new LineState(platform, this.changes.raise);
    this.people = new People(this.api, this.changes.raise);
    this.line = new Connection(`${account.server.replace(/^http/, 'ws')}/v1/connect`, platform, {
      hello: () => this.hello(),
      welcome: (frame) => void this.welcome(frame),
      frame: (frame) => this.take(frame),
      state: (state) => this.enter(state),
      signedOut: () => this.onSignedOut(),
    });
    this.sync = new Sync({
      room: (id) => this.rooms.get(id),
      history: (request) => this.line.request(request),
      changes: (request) => this.line.request(request),
      changed: (room, entry) => this.roomChanged(room, entry),
    });
    this.outbox = new Outbox({
      storage,
      platform,
      online: () => this.line.online,
      request: (request) => this.line.request(request) as Promise<Ack>,
      cursorOf: (room) => this.rooms.get(room)?.cursor,
      findDone: (command) => this.findDone(command),
      acked: (command, seq, at) => this.acked(command, seq, at),
      changed: this.changes.raise,
    });
    this.uploads = new Uploads(this.api, platform, () => this.limits, this.changes.raise);
    this.links = new FileLinks(this.api, platform);
    this.keeper = new Keeper(storage, platform);
    this.typing = new Typing(platform, (room, on) => this.line.tell({ t: 'typing', room, on }), this.changes.raise);
    this.watched = new Watched(platform, (request) => this.line.request(request).catch(ignoreNo));
  }

  /** Shows what the device kept, then connects. */
  async start(): Promise<void> {
    const kept = await this.keeper.load();
    this.restore(kept.state);
    for (const saved of kept.rooms) this.rooms.set(saved.id, new Room(saved.id, this.account.user, saved));
    this.outbox.restore(kept.commands);
    this.changes.raise();
    this.line.open();
  }

  async stop(): Promise<void> {
    this.line.stop();
    await this.keeper.flush();
  }

  reconnect(): void {
    this.line.open();
  }

  get myId(): UserId {
    return this.account.user;
  }

  get online(): boolean {
    return this.line.online;
  }

  // ----- what the user does -----

  /** Takes a command on its way; the answer is its key. With `holdMs` it can be undone for so long. */
  async do(room: RoomId, body: CommandBody, holdMs = 0): Promise<string> {
    this.tellTyping(room, false);
    return this.outbox.add(room, body, holdMs);
  }

  setDraft(room: Room, text: string): void {
    if (room.draft === text) return;
    room.draft = text;
    this.keeper.roomChanged(room);
    this.changes.raise();
  }

  /** Says that one is writing; told again while it holds. */
  tellTyping(room: RoomId, on: boolean): void {
    this.typing.tell(room, on, this.settings.typing === false);
  }

  /** The user looks at the newest of a room: everything up to here is read, and what is far above may go. */
  markRead(room: Room, seq: Seq): void {
    if (room.log.size > OPEN_LOG_MAX) room.log.trim(OPEN_LOG_KEPT);
    if (!room.markRead(seq)) return;
    this.roomChanged(room);
    this.sendRead(room);
  }

  /** The user looks at this room: they count as active in it, and hear who types and reads. */
  openRoom(id: RoomId | undefined): void {
    this.openedRoom = id;
    this.watched.openRoom(id, (ack) => {
      const room = id === undefined ? undefined : this.rooms.get(id);
      if (!room || !ack) return;
      for (const { user, seq } of ack.reads ?? []) room.reads.set(user, Math.max(seq, room.reads.get(user) ?? 0));
      for (const user of ack.typing ?? []) if (user !== this.myId) this.typing.take(room, { user, on: true });
      room.active = ack.active;
      this.changes.raise();
    });
  }

  /** Whose presence is on the screen, by who shows it. */
  watch(place: string, users: UserId[]): void {
    this.watched.setUsers(place, users);
  }

  setAway(away: boolean): void {
    this.watched.setMine(away ? 'away' : 'here');
  }

  loadBefore = (room: Room, before: Seq) => this.sync.loadBefore(room, before).catch(ignoreNo);
  loadAfter = (room: Room, after: Seq) => this.sync.loadAfter(room, after).catch(ignoreNo);
  loadAround = (room: Room, seq: Seq) => this.sync.loadAround(room, seq).catch(ignoreNo);

  findMoment = (room: Room, at: TimeMs) => this.sync.findMoment(room, at);

  async loadMembers(room: Room, more = false): Promise<void> {
    const after = more ? room.membersNext : undefined;
    const page = await this.api.members(room.id, after).catch(ignoreNo);
    if (!page) return;
    room.members = more ? [...(room.members ?? []), ...page.items] : page.items;
    room.membersNext = page.next;
    this.people.learn(...page.items.map((member) => member.user));
    this.changes.raise();
  }

  async loadBans(room: Room): Promise<void> {
    room.bans = (await this.api.bans(room.id).catch(ignoreNo))?.items ?? [];
    this.people.learn(...room.bans.map((ban) => ban.user));
    this.changes.raise();
  }

  /** A room that REST answered with: known from now on, before the socket tells of it. */
  learnRoom(wire: WireRoom): Room {
    const room = this.rooms.get(wire.id) ?? new Room(wire.id, this.myId);
    room.takeInfo(wire);
    this.people.learn(wire.peer);
    this.rooms.set(wire.id, room);
    this.roomChanged(room);
    return room;
  }

  async saveSettings(change: Partial<Settings>): Promise<void> {
    this.takeSettings({ ...this.settings, ...change });
    this.changes.raise();
    await this.api.saveSettings(this.settings);
  }

  /** Fetches what the feed says has changed. */
  refresh(of: string): Promise<void> {
    const running = this.refreshing.get(of);
    if (running) return running;
    const fetching = this.fetch(of)
      .catch(ignoreNo)
      .finally(() => {
        this.refreshing.delete(of);
        this.keeper.stateChanged(this.savedState());
        this.changes.raise();
      });
    this.refreshing.set(of, fetching);
    return fetching;
  }

  // ----- what the server says -----

  private hello() {
    const cursors: Record<RoomId, Seq> = {};
    for (const room of this.rooms.values()) if (room.cursor !== undefined && !room.gone) cursors[room.id] = room.cursor;
    return {
      token: this.account.token,
      feed: this.feed,
      cursors,
      client: this.platform.clientName,
      ...(this.history === undefined ? {} : { history: this.history }),
    };
  }

  private async welcome(frame: Welcome): Promise<void> {
    if (this.history !== undefined && this.history !== frame.history) await this.forgetHistory();
    this.history = frame.history;
    this.admin = frame.admin;
    this.limits = frame.limits;
    this.sync.reset();
    this.people.askAgain();
    const present = new Set(frame.rooms.map((head) => head.room));
    for (const room of this.rooms.values()) if (!present.has(room.id) && !room.gone) this.lost(room);
    for (const head of frame.rooms) this.takeHead(head);
    const stale = this.feed !== frame.feed || !this.loaded;
    if (stale) void Promise.all(['rooms', 'friends', 'blocks', 'settings', 'profile'].map((of) => this.refresh(of))).then(() => this.takeFeed(frame.feed));
    this.watched.online();
    for (const room of this.rooms.values()) this.sendRead(room);
    this.outbox.flushAll();
    this.changes.raise();
  }

  private takeHead(head: RoomHead): Room {
    const room = this.rooms.get(head.room) ?? new Room(head.room, this.myId);
    const fresh = room.cursor === undefined;
    room.takeHead(head);
    // Without a cursor the room starts at its head; what is below is fetched when somebody looks.
    if (fresh) room.cursor = head.head;
    room.gone = undefined;
    this.rooms.set(head.room, room);
    this.roomChanged(room);
    return room;
  }

  private take(frame: ServerFrame): void {
    switch (frame.t) {
      case 'entry':
        return this.sync.take(frame);
      case 'skip':
        return void this.sync.skip(frame);
      case 'read':
        return this.takeRead(frame);
      case 'typing':
        return this.takeTyping(frame);
      case 'presence':
        return this.people.takePresence(frame);
      case 'room':
        return this.takeRoom(frame);
      case 'notice':
        return this.takeNotice(frame);
      default:
        // Answers to what was asked before the line was lost, and frames of newer servers.
        return;
    }
  }

  private takeRead({ room: id, user, seq, posts }: ReadFrame): void {
    const room = this.rooms.get(id);
    if (!room) return;
    if (user === this.myId) room.takeRead(seq, posts);
    else room.reads.set(user, Math.max(seq, room.reads.get(user) ?? 0));
    this.roomChanged(room);
  }

  private takeTyping(frame: TypingFrame): void {
    const room = this.rooms.get(frame.room);
    if (room && frame.user !== this.myId) this.typing.take(room, frame);
  }

  private takeRoom(frame: RoomFrame): void {
    if (frame.change === 'gone') return this.takeGone(frame);
    const known = this.rooms.get(frame.room);
    // One who comes back starts where the room is now.
    if (known?.gone) this.rooms.delete(frame.room);
    const room = this.takeHead(frame);
    // Entries follow from the head; what came before this frame and is not here has to be asked for.
    if ((room.cursor ?? 0) < frame.head) void this.sync.catchUp(room).catch(ignoreNo);
    if (!room.info || known?.gone) void this.refresh('rooms');
    this.watched.roomJoined(frame.room);
    this.outbox.flushAll();
  }

  private takeGone({ room: id, why, by, until, reason }: GoneChange): void {
    const room = this.rooms.get(id);
    if (!room) return;
    room.gone = { why, by, until, reason };
    this.forgetRoom(room);
  }

  /** Gone while this device was away: of a ban, the server tells right after its welcome. */
  private lost(room: Room): void {
    room.gone = { why: 'removed', by: undefined, until: undefined, reason: undefined };
    this.forgetRoom(room);
    void this.api.room(room.id).catch((error: unknown) => {
      if (!(error instanceof RequestError) || !room.gone) return;
      if (error.wire.code === 'banned') room.gone = { ...room.gone, why: 'banned' };
      this.changes.raise();
    });
  }

  /** Nothing of a room stays on the device once one does not belong to it. */
  private forgetRoom(room: Room): void {
    const { gone, info } = room;
    const empty = new Room(room.id, this.myId);
    empty.info = info;
    empty.gone = gone;
    this.rooms.set(room.id, empty);
    this.keeper.roomGone(room.id);
    void this.outbox.drop(room.id);
    this.changes.raise();
  }

  private takeNotice(frame: NoticeFrame): void {
    if (frame.notice === 'limits') {
      this.limits = frame.limits;
      this.changes.raise();
    } else if (frame.notice === 'feed') void this.refresh(frame.of).then(() => this.takeFeed(frame.version));
  }

  private takeFeed(version: number): void {
    this.feed = Math.max(this.feed, version);
    this.keeper.stateChanged(this.savedState());
  }

  private async fetch(of: string): Promise<void> {
    switch (of) {
      case 'friends':
        this.friends = (await this.api.friends()).items;
        return this.people.learn(...this.friends.map((friend) => friend.user));
      case 'blocks':
        this.blocks = (await this.api.blocks()).items;
        return this.people.learn(...this.blocks);
      case 'settings':
        return this.takeSettings(await this.api.settings());
      case 'profile':
        this.me = await this.api.me();
        return this.people.learn(this.me);
      case 'rooms':
        return this.fetchRooms();
      default:
        return;
    }
  }

  /** Who sends no receipts gets none: what was heard before goes as well. */
  private takeSettings(settings: Settings): void {
    const before = this.settings.privacy?.receipts !== false;
    this.settings = settings;
    const after = settings.privacy?.receipts !== false;
    if (!after) for (const room of this.rooms.values()) room.reads.clear();
    if (after && !before) this.watched.openAgain();
  }

  private async fetchRooms(): Promise<void> {
    const { items } = await this.api.rooms();
    for (const item of items) {
      const room = this.rooms.get(item.id) ?? new Room(item.id, this.myId);
      room.takeInfo(item);
      room.takeHead({ room: item.id, first: item.first, head: item.head, posts: item.posts, read: item.read, read_posts: item.read_posts });
      this.people.learn(item.peer);
      this.rooms.set(item.id, room);
      this.keeper.roomChanged(room);
    }
    this.loaded = true;
  }

  // ----- the outbox asks -----

  private acked(command: Command, seq: Seq, at: TimeMs | undefined): void {
    const room = this.rooms.get(command.room);
    if (!room) return;
    if (command.body.type === 'send') {
      room.claimed.set(seq, command.key);
      const { text, replyTo, files = [] } = command.body;
      if (!room.log.get(seq)) room.landed.push({ key: command.key, seq, at: at ?? this.platform.now(), text, replyTo, files: files.map((file) => file.attachment) });
    }
    this.changes.raise();
  }

  private async findDone(command: Command): Promise<Seq | 'expired' | undefined> {
    const room = this.rooms.get(command.room);
    if (!room || command.since === undefined) return undefined;
    await this.sync.catchUp(room);
    return this.sync.findNonce(room, command.since, command.nonce);
  }

  // ----- small things -----

  private sendRead(room: Room): void {
    const seq = room.unsentRead;
    if (seq === undefined || !this.line.online) return;
    void this.line
      .request({ t: 'read', room: room.id, seq })
      .then(() => {
        if (room.unsentRead === seq) room.unsentRead = undefined;
        this.keeper.roomChanged(room);
      })
      .catch(ignoreNo);
  }

  private roomChanged(room: Room, entry?: Entry): void {
    if (room.id !== this.openedRoom && room.log.size > LOG_MAX) room.log.trim(LOG_KEPT);
    this.keeper.roomChanged(room);
    if (entry?.nonce !== undefined) void this.outbox.seen(entry.nonce, entry.seq, entry.at);
    if (room.unsentRead !== undefined && entry?.by === this.myId) this.sendRead(room);
    if (entry && entry.by !== this.myId) for (const tell of this.news) tell(room, entry);
    this.changes.raise();
  }

  private enter(state: ConnectionState): void {
    this.lineState.take(state);
    if (state === 'waiting') {
      this.people.forgetPresence();
      for (const room of this.rooms.values()) room.typing.clear();
    }
    this.changes.raise();
  }

  private async forgetHistory(): Promise<void> {
    for (const room of [...this.rooms.values()]) {
      const empty = new Room(room.id, this.myId);
      empty.info = room.info;
      empty.draft = room.draft;
      this.rooms.set(room.id, empty);
    }
    this.feed = 0;
    await this.outbox.forgetSince();
  }

  private savedState(): SavedState {
    const { history, feed, me, admin, limits, friends, blocks, settings } = this;
    const near = new Set([...this.rooms.values()].flatMap((room) => [room.info?.peer, room.preview?.by, ...room.log.saved(50).items.map((item) => item.by)]));
    const people = this.people.all.filter((user) => near.has(user.id));
    return { version: 1, history, feed, me, admin, limits, friends, blocks, settings, people };
  }

  private restore(state: SavedState | undefined): void {
    if (!state) return;
    this.history = state.history;
    this.feed = state.feed;
    this.me = state.me;
    this.admin = state.admin;
    this.limits = state.limits;
    this.friends = state.friends;
    this.blocks = state.blocks;
    this.settings = state.settings;
    this.loaded = true;
    this.people.learn(state.me, ...state.people, ...state.friends.map((friend) => friend.user), ...state.blocks);
  }
}

/** What could not be fetched now is fetched when it is wanted again. */
function ignoreNo(error: unknown): undefined {
  if (error instanceof ConnectionLost || error instanceof RequestError) return undefined;
  throw error;
}
