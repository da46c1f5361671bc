// Links to files of messages: asked for together, kept while they work, made again when their minute is over.
import type { Api } from '../connection/api';
import type { Platform } from '../platform/platform';
import type { RoomId, Seq, TimeMs } from '../protocol/ids';

/** A link that ends so soon is not given out, in ms. */
const SPARE_MS = 10_000;
/** Links that one request asks for. */
const BATCH = 100;

interface Wanted {
  seq: Seq;
  index: number;
  thumb: boolean;
  resolve: (url: string | undefined) => void;
}

export class FileLinks {
  private kept = new Map<string, { url: Promise<string | undefined>; until: TimeMs }>();
  private wanted = new Map<RoomId, Wanted[]>();
  private readonly api: Api;
  private readonly platform: Pick<Platform, 'now' | 'after'>;

  constructor(api: Api, platform: Pick<Platform, 'now' | 'after'>) {
    this.api = api;
    this.platform = platform;
  }

  /** Where a file is to be had now; nothing where the reader may not. */
  get(room: RoomId, seq: Seq, index: number, thumb: boolean): Promise<string | undefined> {
    const key = `${room} ${seq} ${index} ${thumb}`;
    const known = this.kept.get(key);
    if (known && this.platform.now() < known.until) return known.url;
    const url = new Promise<string | undefined>((resolve) => {
      const waiting = this.wanted.get(room);
      if (waiting) waiting.push({ seq, index, thumb, resolve });
      else {
        this.wanted.set(room, [{ seq, index, thumb, resolve }]);
        this.platform.after(0, () => void this.ask(room));
      }
    });
    this.kept.set(key, { url, until: this.platform.now() + 60_000 - SPARE_MS });
    return url;
  }

  /** A link did not work: the next one is a new one. */
  forget(room: RoomId, seq: Seq, index: number, thumb: boolean): void {
    this.kept.delete(`${room} ${seq} ${index} ${thumb}`);
  }

  private async ask(room: RoomId): Promise<void> {
    const wanted = this.wanted.get(room) ?? [];
    this.wanted.delete(room);
    for (let at = 0; at < wanted.length; at += BATCH) {
      const some = wanted.slice(at, at + BATCH);
      const links = await this.api.fileLinks(room, some.map(({ seq, index, thumb }) => ({ seq, index, thumb }))).catch(() => undefined);
      some.forEach(({ seq, index, thumb, resolve }, place) => {
        const url = links?.items[place]?.url;
        if (url === undefined) this.forget(room, seq, index, thumb);
        resolve(url === undefined ? undefined : this.api.base + url);
      });
    }
  }
}
