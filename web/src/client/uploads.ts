// Files on their way to the server, by the tus protocol: in parts, going on after a cut where the server has them. They wait
// in a room's tray until a message carries them.
import type { Api } from '../connection/api';
import { ConnectionLost, RequestError } from '../connection/request-error';
import type { Platform } from '../platform/platform';
import type { Attachment } from '../protocol/entries';
import type { Limits } from '../protocol/limits';
import type { RoomId, TimeMs } from '../protocol/ids';

/** One request carries at most so much: a cut costs no more than this, and memory stays flat. */
const PART_BYTES = 1 << 20;
/** Tries of one part that follow each other without a byte getting through. */
const TRIES_MAX = 8;
const RETRY_MS = 1000;
const RETRY_MS_MAX = 30_000;
/** How long the server may keep an answer back until a file is ready, in ms. */
const WAIT_MS = 20_000;

export interface UploadItem {
  /** Names it on this device. */
  key: string;
  name: string;
  size: number;
  sent: number;
  startedAt: TimeMs;
  state: 'sending' | 'processing' | 'ready' | 'failed';
  /** Why it failed: the server's code and words. */
  failure?: { code: string; detail: string; bound?: unknown } | undefined;
  /** Its id at the server, once it has one. */
  id?: string | undefined;
  attachment?: Attachment | undefined;
}

interface Running {
  item: UploadItem;
  file: Blob;
  /** Grows with every start: an older run of the same upload stops. */
  run: number;
}

export class Uploads {
  private trays = new Map<RoomId, Running[]>();
  private readonly api: Api;
  private readonly platform: Pick<Platform, 'now' | 'nonce' | 'after' | 'random'>;
  private readonly limits: () => Limits;
  private readonly changed: () => void;

  constructor(api: Api, platform: Pick<Platform, 'now' | 'nonce' | 'after' | 'random'>, limits: () => Limits, changed: () => void) {
    this.api = api;
    this.platform = platform;
    this.limits = limits;
    this.changed = changed;
  }

  of(room: RoomId): readonly UploadItem[] {
    return (this.trays.get(room) ?? []).map((running) => running.item);
  }

  /** Takes files into a room's tray. One that is too large is told so, and not sent; more than a message takes are left out. */
  add(room: RoomId, files: readonly { name: string; content: Blob }[]): void {
    const tray = this.trays.get(room) ?? [];
    this.trays.set(room, tray);
    for (const { name, content } of files.slice(0, Math.max(0, this.limits().attachments_per_message - tray.length))) {
      const item: UploadItem = { key: this.platform.nonce(), name, size: content.size, sent: 0, startedAt: this.platform.now(), state: 'sending' };
      const running: Running = { item, file: content, run: 0 };
      tray.push(running);
      const bound = this.limits().attachment_bytes;
      if (content.size > bound) this.fail(running, { code: 'too_large', detail: `${content.size}`, bound });
      else void this.start(running);
    }
    this.changed();
  }

  retry(room: RoomId, key: string): void {
    const running = this.trays.get(room)?.find(({ item }) => item.key === key);
    if (running?.item.state === 'failed' && running.item.failure?.code !== 'too_large') void this.start(running);
  }

  /** Takes a file out of the tray, and off the server. */
  remove(room: RoomId, key: string): void {
    const running = this.trays.get(room)?.find(({ item }) => item.key === key);
    if (!running) return;
    running.run++;
    this.trays.set(room, (this.trays.get(room) ?? []).filter((other) => other !== running));
    if (running.item.id !== undefined) void this.api.dropUpload(running.item.id).catch(() => {});
    this.changed();
  }

  /** What a message carries from now on: everything in the tray that is ready. */
  take(room: RoomId): UploadItem[] {
    const ready = this.of(room).filter((item) => item.state === 'ready');
    this.trays.set(room, (this.trays.get(room) ?? []).filter(({ item }) => item.state !== 'ready'));
    this.changed();
    return ready;
  }

  private async start(running: Running): Promise<void> {
    const { item } = running;
    const run = ++running.run;
    item.state = 'sending';
    item.failure = undefined;
    this.changed();
    for (let tries = 0; running.run === run; tries++) {
      const before = item.sent;
      try {
        await this.send(running, run);
        if (running.run === run) await this.settle(running, run);
        return;
      } catch (error) {
        if (running.run !== run) return;
        if (error instanceof RequestError && !again(error)) return this.fail(running, error.wire);
        if (!(error instanceof RequestError) && !(error instanceof ConnectionLost)) throw error;
        if (item.sent > before) tries = 0;
        if (tries >= TRIES_MAX) return this.fail(running, { code: 'unavailable', detail: '' });
        await this.pause(tries);
      }
    }
  }

  private async send(running: Running, run: number): Promise<void> {
    const { item, file } = running;
    if (item.id === undefined) item.id = await this.api.createUpload(item.name, item.size);
    else item.sent = (await this.api.upload(item.id)).offset;
    while (item.sent < item.size && running.run === run) {
      item.sent = await this.api.appendUpload(item.id, item.sent, file.slice(item.sent, item.sent + PART_BYTES));
      this.changed();
    }
  }

  private async settle(running: Running, run: number): Promise<void> {
    const { item } = running;
    item.state = 'processing';
    this.changed();
    while (running.run === run && item.id !== undefined) {
      const upload = await this.api.upload(item.id, WAIT_MS);
      if (running.run !== run) return;
      if (upload.state === 'refused') return this.fail(running, { code: 'upload_refused', detail: upload.reason ?? '' });
      if (upload.state !== 'ready') continue;
      item.state = 'ready';
      item.attachment = upload.attachment;
      return this.changed();
    }
  }

  private fail(running: Running, failure: NonNullable<UploadItem['failure']>): void {
    running.item.state = 'failed';
    running.item.failure = failure;
    // What the server will not take is begun anew, if at all.
    if (failure.code === 'upload_refused' || failure.code === 'not_found') {
      running.item.id = undefined;
      running.item.sent = 0;
    }
    this.changed();
  }

  private pause(tries: number): Promise<void> {
    const ms = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** tries) * (0.5 + this.platform.random() / 2);
    return new Promise((resolve) => void this.platform.after(ms, resolve));
  }
}

/** Whether the server may take it later: it is busy, or has another part already. */
const again = ({ wire }: RequestError): boolean => ['unavailable', 'overloaded', 'internal', 'rate_limited', 'conflict'].includes(wire.code);
