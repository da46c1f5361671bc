// Commands on their way: kept in storage before they are sent, sent in order, one at a time in each room, and again with
// the same nonce until the server has answered. So nothing is lost by a reload, and nothing is doubled by a retry.
import { ConnectionLost, RequestError } from '../connection/request-error';
import type { Ack, Request } from '../protocol/frames';
import { retryOf } from '../protocol/errors';
import type { Nonce, RoomId, Seq, TimeMs } from '../protocol/ids';
import type { Platform } from '../platform/platform';
import type { AccountStorage } from '../storage/storage';
import { requestOf, type Command, type CommandBody } from './command';

export interface OutboxPorts {
  storage: AccountStorage;
  platform: Pick<Platform, 'now' | 'nonce' | 'after'>;
  online: () => boolean;
  request: (request: Request) => Promise<Ack>;
  /** The room's head as this device knows it. */
  cursorOf: (room: RoomId) => Seq | undefined;
  /** Brings the room up to date; then the number of the entry that this command became, if it did; `expired` if that
   *  cannot be told any more. */
  findDone: (command: Command) => Promise<Seq | 'expired' | undefined>;
  acked: (command: Command, seq: Seq, at: TimeMs | undefined) => void;
  changed: () => void;
}

/** Without a word from the server, a refused command is tried again after this, in ms. */
const RETRY_MS = 1000;

export class Outbox {
  private commands: Command[] = [];
  private busy = new Set<RoomId>();
  private lastOrder = 0;
  private readonly ports: OutboxPorts;

  constructor(ports: OutboxPorts) {
    this.ports = ports;
  }

  /** What an earlier page left behind. */
  restore(commands: Command[]): void {
    this.commands = [...commands].sort((a, b) => a.order - b.order);
    this.lastOrder = this.commands.at(-1)?.order ?? 0;
  }

  get all(): readonly Command[] {
    return this.commands;
  }

  of(room: RoomId): Command[] {
    return this.commands.filter((command) => command.room === room);
  }

  /** How many will go by themselves. */
  get waiting(): number {
    return this.commands.filter((command) => !command.failed).length;
  }

  /** Takes a command on; the answer is its key. With `holdMs` it can be undone for so long. */
  async add(room: RoomId, body: CommandBody, holdMs = 0): Promise<string> {
    const nonce = this.ports.platform.nonce();
    const now = this.ports.platform.now();
    this.lastOrder = Math.max(this.lastOrder + 1, now);
    const command: Command = { key: nonce, nonce, room, order: this.lastOrder, at: now, body };
    if (holdMs > 0) command.holdUntil = now + holdMs;
    this.commands.push(command);
    this.ports.changed();
    await this.keep(command);
    void this.flush(room);
    return command.key;
  }

  /** Takes back what is still held. */
  async undo(key: string): Promise<void> {
    const command = this.commands.find((one) => one.key === key);
    if (command?.holdUntil !== undefined && command.since === undefined) await this.forget(command);
  }

  async retry(key: string): Promise<void> {
    const command = this.commands.find((one) => one.key === key);
    if (!command?.failed) return;
    if (command.failed.code === 'stale_send') this.renew(command);
    command.failed = undefined;
    this.ports.changed();
    await this.keep(command);
    void this.flush(command.room);
  }

  async discard(key: string): Promise<void> {
    const command = this.commands.find((one) => one.key === key);
    if (command?.failed) await this.forget(command);
  }

  /** A room that is gone takes what waited for it along. */
  async drop(room: RoomId): Promise<void> {
    for (const command of this.of(room)) await this.forget(command);
  }

  flushAll(): void {
    for (const room of new Set(this.commands.map((command) => command.room))) void this.flush(room);
  }

  /** Numbers of another history mean nothing: commands start anew. */
  async forgetSince(): Promise<void> {
    for (const command of this.commands) {
      command.since = undefined;
      await this.keep(command);
    }
  }

  /** A command was read back from the log as an entry: it is done, though no answer came. */
  async seen(nonce: Nonce, seq: Seq, at: TimeMs): Promise<void> {
    const command = this.commands.find((one) => one.nonce === nonce);
    if (!command) return;
    this.ports.acked(command, seq, at);
    await this.forget(command);
  }

  private async flush(room: RoomId): Promise<void> {
    if (this.busy.has(room)) return;
    this.busy.add(room);
    try {
      for (;;) {
        const next = this.commands.find((command) => command.room === room && this.isDue(command));
        if (!next || !this.ports.online() || !(await this.attempt(next))) break;
      }
      this.planHeld(room);
    } finally {
      this.busy.delete(room);
    }
  }

  private isDue(command: Command): boolean {
    return !command.failed && (command.holdUntil ?? 0) <= this.ports.platform.now();
  }

  private planHeld(room: RoomId): void {
    const held = this.of(room).map((command) => command.holdUntil ?? 0).filter((until) => until > this.ports.platform.now());
    if (held.length > 0) this.ports.platform.after(Math.min(...held) - this.ports.platform.now(), () => void this.flush(room));
  }

  /** Whether to go on with the next one. */
  private async attempt(command: Command): Promise<boolean> {
    if (command.since === undefined) {
      const since = this.ports.cursorOf(command.room);
      if (since === undefined) return false;
      command.since = since;
      await this.keep(command);
    }
    try {
      const ack = await this.ports.request(requestOf(command, command.since));
      if (ack.seq !== undefined) this.ports.acked(command, ack.seq, ack.at);
      await this.forget(command);
      return true;
    } catch (error) {
      if (error instanceof RequestError) return this.refused(command, error);
      if (error instanceof ConnectionLost) return false;
      throw error;
    }
  }

  private async refused(command: Command, { wire }: RequestError): Promise<boolean> {
    if (wire.code === 'slow_mode') return this.fail(command, wire);
    switch (retryOf(wire.code)) {
      case 'later':
        await new Promise<void>((resolve) => void this.ports.platform.after(wire.retry_after_ms ?? RETRY_MS, resolve));
        return true;
      case 'sync':
        return this.decideStale(command, wire);
      case 'sign_in':
        return false;
      case 'final':
        return this.fail(command, wire);
    }
  }

  /** The room has moved too far for the server to be sure: look, and only then say it anew. */
  private async decideStale(command: Command, wire: { code: string; detail: string }): Promise<boolean> {
    try {
      const seq = await this.ports.findDone(command);
      if (seq === 'expired') return this.fail(command, wire);
      if (seq !== undefined) {
        this.ports.acked(command, seq, undefined);
        await this.forget(command);
        return true;
      }
    } catch (error) {
      if (error instanceof ConnectionLost || error instanceof RequestError) return false;
      throw error;
    }
    this.renew(command);
    await this.keep(command);
    return true;
  }

  /** From here on it is another command that says the same. */
  private renew(command: Command): void {
    command.nonce = this.ports.platform.nonce();
    command.since = undefined;
  }

  private async fail(command: Command, wire: { code: string; detail: string }): Promise<boolean> {
    // What cannot be done any more to a message is not worth a line with buttons; what one wrote is.
    if (command.body.type === 'send') {
      command.failed = { code: wire.code, detail: wire.detail };
      this.ports.changed();
      await this.keep(command);
    } else await this.forget(command);
    return true;
  }

  /** A storage that refuses costs what a reload would keep, not the message. */
  private keep(command: Command): Promise<void> {
    return this.ports.storage.put('commands', command.key, command).catch(() => {});
  }

  private async forget(command: Command): Promise<void> {
    this.commands = this.commands.filter((one) => one !== command);
    this.ports.changed();
    await this.ports.storage.remove('commands', command.key).catch(() => {});
  }
}
