// Who is writing: others in their rooms, forgotten when they fall silent, and oneself, told again while it holds.
import type { TypingFrame } from '../protocol/frames';
import type { RoomId, TimeMs } from '../protocol/ids';
import type { Platform } from '../platform/platform';
import type { Room } from './room';

/** A typist is forgotten after this, in ms; one's own is told again after the other. */
const FORGET_MS = 8000;
const AGAIN_MS = 5000;

export class Typing {
  private told = new Map<RoomId, TimeMs>();
  private readonly platform: Pick<Platform, 'now' | 'after'>;
  private readonly say: (room: RoomId, on: boolean) => void;
  private readonly changed: () => void;

  constructor(platform: Pick<Platform, 'now' | 'after'>, say: (room: RoomId, on: boolean) => void, changed: () => void) {
    this.platform = platform;
    this.say = say;
    this.changed = changed;
  }

  /** Says that one is writing, or no longer. Whoever keeps it to themselves says only the latter. */
  tell(room: RoomId, on: boolean, secret: boolean): void {
    const told = this.told.get(room);
    const now = this.platform.now();
    if (on ? told !== undefined && now - told < AGAIN_MS : told === undefined) return;
    if (on) this.told.set(room, now);
    else this.told.delete(room);
    if (!on || !secret) this.say(room, on);
  }

  take(room: Room, { user, on }: Pick<TypingFrame, 'user' | 'on'>): void {
    if (on) {
      const until = this.platform.now() + FORGET_MS;
      room.typing.set(user, until);
      this.platform.after(FORGET_MS, () => {
        if (room.typing.get(user) !== until) return;
        room.typing.delete(user);
        this.changed();
      });
    } else room.typing.delete(user);
    this.changed();
  }
}
