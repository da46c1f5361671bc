// What is on the screen, told to the server: the open room, whose presence is shown, and one's own. Said again on every
// new line, and only when it changed.
import type { Ack, Request } from '../protocol/frames';
import type { RoomId, UserId } from '../protocol/ids';
import type { Platform } from '../platform/platform';

/** The server's bound. */
const USERS_MAX = 200;
/** Changes of what is on the screen are gathered this long, in ms. */
const PAUSE_MS = 300;

type Ask = (request: Extract<Request, { t: 'subscribe' | 'unsubscribe' | 'presence' }>) => Promise<Ack | undefined>;

export class Watched {
  private room: RoomId | undefined;
  private onOpen: (ack: Ack | undefined) => void = () => {};
  private places = new Map<string, UserId[]>();
  private mine: 'here' | 'away' = 'here';
  private said = '';
  private due = false;
  private readonly platform: Pick<Platform, 'after'>;
  private readonly ask: Ask;

  constructor(platform: Pick<Platform, 'after'>, ask: Ask) {
    this.platform = platform;
    this.ask = ask;
  }

  openRoom(room: RoomId | undefined, onOpen: (ack: Ack | undefined) => void): void {
    this.onOpen = onOpen;
    if (room === this.room) return;
    if (this.room !== undefined) void this.ask({ t: 'unsubscribe', room: this.room });
    this.room = room;
    this.subscribe();
  }

  /** The server may tell more of the open room now. */
  openAgain(): void {
    this.subscribe();
  }

  roomJoined(room: RoomId): void {
    if (room === this.room) this.subscribe();
  }

  setUsers(place: string, users: UserId[]): void {
    this.places.set(place, users);
    this.plan();
  }

  setMine(mine: 'here' | 'away'): void {
    this.mine = mine;
    this.plan();
  }

  /** A new line knows nothing. */
  online(): void {
    this.said = '';
    this.subscribe();
    this.tell();
  }

  private subscribe(): void {
    if (this.room !== undefined) void this.ask({ t: 'subscribe', room: this.room }).then((ack) => this.onOpen(ack));
  }

  private plan(): void {
    if (this.due) return;
    this.due = true;
    this.platform.after(PAUSE_MS, () => {
      this.due = false;
      this.tell();
    });
  }

  private tell(): void {
    const users = [...new Set([...this.places.values()].flat())].slice(0, USERS_MAX).sort();
    const request = { t: 'presence', users, mine: this.mine } as const;
    const saying = JSON.stringify(request);
    if (saying === this.said) return;
    this.said = saying;
    void this.ask(request).then((ack) => {
      if (!ack) this.said = '';
    });
  }
}
