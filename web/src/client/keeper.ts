// Keeps what this device knows: rooms with their newest messages and cursors (together, so that they always agree),
// and the account's state. Written a moment after the last change; losing that moment costs a sync, nothing else.
import type { RoomId } from '../protocol/ids';
import type { Limits } from '../protocol/limits';
import type { Friend, Me, Settings, User } from '../protocol/rest';
import type { Platform } from '../platform/platform';
import type { AccountStorage } from '../storage/storage';
import type { Command } from './command';
import type { Room, SavedRoom } from './room';

export interface SavedState {
  version: 1;
  history: string | undefined;
  feed: number;
  me: Me | undefined;
  admin: boolean;
  limits: Limits;
  friends: Friend[];
  blocks: User[];
  settings: Settings;
  people: User[];
}

/** Changes are gathered this long, in ms. */
const PAUSE_MS = 400;

export class Keeper {
  private rooms = new Map<RoomId, Room>();
  private state: SavedState | undefined;
  private due = false;
  private readonly storage: AccountStorage;
  private readonly platform: Pick<Platform, 'after'>;

  constructor(storage: AccountStorage, platform: Pick<Platform, 'after'>) {
    this.storage = storage;
    this.platform = platform;
  }

  async load(): Promise<{ state: SavedState | undefined; rooms: SavedRoom[]; commands: Command[] }> {
    const [state, rooms, commands] = await Promise.all([this.storage.get('state', 'state'), this.storage.all('rooms'), this.storage.all('commands')]);
    return {
      state: isVersion1(state) ? (state as SavedState) : undefined,
      rooms: rooms.filter(isVersion1) as SavedRoom[],
      commands: commands as Command[],
    };
  }

  roomChanged(room: Room): void {
    if (room.gone) return;
    this.rooms.set(room.id, room);
    this.plan();
  }

  roomGone(id: RoomId): void {
    this.rooms.delete(id);
    void this.storage.remove('rooms', id).catch(() => {});
  }

  stateChanged(state: SavedState): void {
    this.state = state;
    this.plan();
  }

  async flush(): Promise<void> {
    const rooms = [...this.rooms.values()];
    const { state } = this;
    this.rooms.clear();
    this.state = undefined;
    this.due = false;
    // What cannot be written is fetched again.
    await Promise.allSettled([...rooms.map((room) => this.storage.put('rooms', room.id, room.save())), state && this.storage.put('state', 'state', state)]);
  }

  private plan(): void {
    if (this.due) return;
    this.due = true;
    this.platform.after(PAUSE_MS, () => void this.flush());
  }
}

const isVersion1 = (value: unknown): boolean => typeof value === 'object' && value !== null && 'version' in value && value.version === 1;
