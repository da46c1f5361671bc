// Keeps rooms in step with the server: entries in order, holes filled before anything above them is applied, pages of
// older messages when somebody looks. The rules are those of docs/protocol.md, "How to stay in step".
import { ConnectionLost, RequestError } from '../connection/request-error';
import type { Changed, EntryFrame, Page, Request, SkipFrame } from '../protocol/frames';
import type { Entry } from '../protocol/entries';
import type { Nonce, RoomId, Seq, TimeMs } from '../protocol/ids';
import type { Room } from './room';

export interface SyncPorts {
  room: (id: RoomId) => Room | undefined;
  history: (request: Extract<Request, { t: 'history' }>) => Promise<Page>;
  changes: (request: Extract<Request, { t: 'changes' }>) => Promise<Changed>;
  changed: (room: Room, entry?: Entry) => void;
}

/** Entries of one page, and posts of one page of a timeline. */
const ENTRIES = 200;
const POSTS = 50;
/** Entries held back while a hole is filled; more are fetched again. */
const HELD_MAX = 1000;

export class Sync {
  private held = new Map<RoomId, Entry[]>();
  private filling = new Map<RoomId, Promise<void>>();
  private loading = new Map<string, Promise<void>>();
  private readonly ports: SyncPorts;

  constructor(ports: SyncPorts) {
    this.ports = ports;
  }

  /** The line is new: what was held belongs to the old one, and comes again. */
  reset(): void {
    this.held.clear();
  }

  take({ t: _t, room: id, ...entry }: EntryFrame): void {
    const room = this.ports.room(id);
    if (!room) return;
    if (room.cursor === undefined) room.cursor = entry.seq - 1;
    if (entry.seq <= room.cursor) return;
    if (entry.seq === room.cursor + 1 && !this.filling.has(id)) {
      room.apply(entry);
      this.ports.changed(room, entry);
      return;
    }
    const held = this.held.get(id) ?? [];
    if (held.length < HELD_MAX) held.push(entry);
    this.held.set(id, held);
    void this.fill(room);
  }

  /** The server leaves a hole on purpose: go on after it, and ask what changed in what is kept below. */
  async skip({ room: id, to, posts }: SkipFrame): Promise<void> {
    const room = this.ports.room(id);
    if (!room) return;
    const before = room.cursor ?? 0;
    room.skip(to, posts);
    this.ports.changed(room);
    for (const { from, to: last } of [...room.log.ranges.all]) {
      const changed = await this.ports.changes({ t: 'changes', room: id, first: from, last, after: before }).catch(ignoreLoss);
      if (!changed) return;
      for (const { seq, state } of changed.messages) room.log.fold(seq, state, changed.through);
    }
    this.ports.changed(room);
  }

  /** Resolves when everything up to the server's present end has been applied. */
  async catchUp(room: Room): Promise<void> {
    await this.filling.get(room.id);
    for (;;) {
      const page = await this.ports.history({ t: 'history', room: room.id, mode: 'entries', after: room.cursor ?? 0, limit: ENTRIES });
      this.applyPage(room, page);
      if (page.from > page.to || page.to >= page.through) return;
    }
  }

  /** The entry above a number that one's own client called so; `expired` if it may be among what has expired. */
  async findNonce(room: Room, after: Seq, nonce: Nonce): Promise<Seq | 'expired' | undefined> {
    for (let from = after; ; ) {
      const page = await this.ports.history({ t: 'history', room: room.id, mode: 'entries', after: from, limit: ENTRIES });
      const own = page.items.find((entry) => entry.nonce === nonce);
      if (!own && page.first > from + 1) return 'expired';
      if (own || page.from > page.to || page.to >= page.through) return own?.seq;
      from = page.to;
    }
  }

  /** More of the timeline below a number. */
  loadBefore(room: Room, before: Seq): Promise<void> {
    return this.loadOnce(`${room.id}<${before}`, room, { before });
  }

  loadAfter(room: Room, after: Seq): Promise<void> {
    return this.loadOnce(`${room.id}>${after}`, room, { after });
  }

  /** What stands around a message: for links, quotes, and the start of a room. */
  async loadAround(room: Room, seq: Seq): Promise<void> {
    await Promise.all([this.loadBefore(room, seq + 1), this.loadAfter(room, seq)]);
  }

  /** The first number of the timeline that is not before a moment; none when everything is. */
  async findMoment(room: Room, at: TimeMs): Promise<Seq | undefined> {
    let low = room.first;
    let high = room.head + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const page = await this.ports.history({ t: 'history', room: room.id, mode: 'timeline', after: middle - 1, limit: 1 });
      const next = page.items[0];
      if (!next || next.seq >= high || next.at >= at) high = middle;
      else low = next.seq + 1;
    }
    return low > room.head ? undefined : low;
  }

  private loadOnce(key: string, room: Room, bound: { before: Seq } | { after: Seq }): Promise<void> {
    const running = this.loading.get(key);
    if (running) return running;
    const load = this.load(room, bound).finally(() => this.loading.delete(key));
    this.loading.set(key, load);
    return load;
  }

  private async load(room: Room, bound: { before: Seq } | { after: Seq }): Promise<void> {
    const page = await this.ports.history({ t: 'history', room: room.id, mode: 'timeline', limit: POSTS, ...bound });
    room.log.applyTimeline(page);
    if (page.first > room.first) room.first = page.first;
    // A page that covers nothing says that there is nothing: else one would ask for ever.
    if (page.from > page.to && 'before' in bound) room.first = Math.max(room.first, bound.before);
    this.ports.changed(room);
  }

  private fill(room: Room): Promise<void> {
    const running = this.filling.get(room.id);
    if (running) return running;
    const filling = this.fillHole(room).then(
      () => this.settle(room),
      (error: unknown) => {
        this.filling.delete(room.id);
        ignoreLoss(error);
      },
    );
    this.filling.set(room.id, filling);
    return filling;
  }

  private async fillHole(room: Room): Promise<void> {
    for (;;) {
      const next = Math.min(...(this.held.get(room.id) ?? []).map((entry) => entry.seq));
      if (!Number.isFinite(next) || next <= (room.cursor ?? 0) + 1) return;
      const page = await this.ports.history({ t: 'history', room: room.id, mode: 'entries', after: room.cursor ?? 0, limit: ENTRIES });
      this.applyPage(room, page);
      if (page.from > page.to) return;
    }
  }

  private applyPage(room: Room, page: Page): void {
    for (const entry of page.items) {
      if (entry.seq <= (room.cursor ?? 0)) continue;
      room.apply(entry);
      this.ports.changed(room, entry);
    }
    if (page.from <= page.to && page.to > (room.cursor ?? 0)) {
      room.log.ranges.add(Math.max(page.from, (room.cursor ?? 0) + 1), page.to);
      room.cursor = page.to;
    }
    this.ports.changed(room);
  }

  private settle(room: Room): void {
    this.filling.delete(room.id);
    this.release(room);
  }

  /** What was held back, now that nothing is missing before it. */
  private release(room: Room): void {
    const held = (this.held.get(room.id) ?? []).sort((a, b) => a.seq - b.seq);
    this.held.delete(room.id);
    for (const entry of held) {
      if (entry.seq > (room.cursor ?? 0) + 1) {
        this.held.set(room.id, held.filter((one) => one.seq >= entry.seq));
        void this.fill(room);
        return;
      }
      if (entry.seq <= (room.cursor ?? 0)) continue;
      room.apply(entry);
      this.ports.changed(room, entry);
    }
  }
}

/** A lost line or a refusal ends the work at hand; the next welcome starts it again. */
function ignoreLoss(error: unknown): undefined {
  if (error instanceof ConnectionLost || error instanceof RequestError) return undefined;
  throw error;
}
