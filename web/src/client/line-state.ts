// How the line to the server looks to a person: short breaks are not worth a word, long ones say since when, and the
// return is said once.
import type { ConnectionState } from '../connection/connection';
import type { TimeMs } from '../protocol/ids';
import type { Platform } from '../platform/platform';

export type LineKind = 'online' | 'connecting' | 'offline' | 'back';

/** A break shorter than this is not shown; up to the other it is "connecting"; so long "back" stands, in ms. */
const QUIET_MS = 1500;
const CONNECTING_MS = 8000;
const BACK_MS = 3000;

export class LineState {
  kind: LineKind = 'online';
  /** Since when there is no line. */
  since: TimeMs | undefined;
  private readonly platform: Pick<Platform, 'now' | 'after' | 'networkUp'>;
  private readonly changed: () => void;
  private stop = () => {};

  constructor(platform: Pick<Platform, 'now' | 'after' | 'networkUp'>, changed: () => void) {
    this.platform = platform;
    this.changed = changed;
  }

  take(state: ConnectionState): void {
    if (state === 'online') this.returned();
    else if (this.since === undefined && state !== 'idle') this.lost();
  }

  private lost(): void {
    this.since = this.platform.now();
    this.show(QUIET_MS, this.platform.networkUp() ? 'connecting' : 'offline', () => this.show(CONNECTING_MS - QUIET_MS, 'offline'));
  }

  private returned(): void {
    this.stop();
    this.since = undefined;
    if (this.kind === 'online') return;
    this.kind = 'back';
    this.changed();
    this.show(BACK_MS, 'online');
  }

  private show(afterMs: number, kind: LineKind, then?: () => void): void {
    this.stop();
    this.stop = this.platform.after(afterMs, () => {
      this.kind = kind;
      this.changed();
      then?.();
    });
  }
}
