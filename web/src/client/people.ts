// People by their id: names looked up in batches when somebody wants to draw them, presence of those on the screen.
import type { Api } from '../connection/api';
import { ConnectionLost, RequestError } from '../connection/request-error';
import type { PresenceState } from '../protocol/entries';
import type { PresenceFrame } from '../protocol/frames';
import type { TimeMs, UserId } from '../protocol/ids';
import type { User } from '../protocol/rest';

export interface Presence {
  state: PresenceState;
  lastSeenAt: TimeMs | undefined;
}

/** The server's bound for one look-up and for one subscription. */
const BATCH = 200;

export class People {
  /** Grows when somebody is known anew or by another name. */
  version = 0;
  private known = new Map<UserId, User>();
  private wanted = new Set<UserId>();
  private asked = new Set<UserId>();
  private presences = new Map<UserId, Presence>();
  private readonly api: Pick<Api, 'lookUp'>;
  private readonly changed: () => void;

  constructor(api: Pick<Api, 'lookUp'>, changed: () => void) {
    this.api = api;
    this.changed = changed;
  }

  learn(...users: (User | undefined)[]): void {
    for (const user of users) {
      if (!user) continue;
      const before = this.known.get(user.id);
      if (before?.name !== user.name || before.handle !== user.handle) this.version++;
      this.known.set(user.id, user);
    }
  }

  /** Who it is, as far as known; asks for who is not. */
  get(id: UserId): User | undefined {
    const user = this.known.get(id);
    if (!user && !this.asked.has(id)) this.want(id);
    return user;
  }

  peek(id: UserId): User | undefined {
    return this.known.get(id);
  }

  byHandle(handle: string): User | undefined {
    return [...this.known.values()].find((user) => user.handle === handle);
  }

  get all(): User[] {
    return [...this.known.values()];
  }

  /** After a reconnect: who could not be found may be found now. */
  askAgain(): void {
    this.asked.clear();
  }

  presence(id: UserId): Presence | undefined {
    return this.presences.get(id);
  }

  takePresence(frame: PresenceFrame): void {
    this.presences.set(frame.user, { state: frame.state, lastSeenAt: frame.last_seen_at });
    this.changed();
  }

  /** Offline one knows of nobody. */
  forgetPresence(): void {
    this.presences.clear();
    this.changed();
  }

  private want(id: UserId): void {
    this.wanted.add(id);
    if (this.wanted.size === 1) queueMicrotask(() => void this.lookUp());
  }

  private async lookUp(): Promise<void> {
    const ids = [...this.wanted].slice(0, BATCH);
    for (const id of ids) {
      this.wanted.delete(id);
      this.asked.add(id);
    }
    try {
      this.learn(...(await this.api.lookUp(ids)).items);
      this.changed();
    } catch (error) {
      if (!(error instanceof ConnectionLost) && !(error instanceof RequestError)) throw error;
    }
    if (this.wanted.size > 0) await this.lookUp();
  }
}
