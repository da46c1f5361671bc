// A platform whose clock the test turns: timers run in order, and everything that they set off has settled before the
// next one does. With the same seed the same things happen.
import type { Platform, SocketEvents } from '../src/platform/platform';
import { openMockLine, type Faults } from './mock-line';
import { mockFetch } from './mock-rest';
import type { MockServer } from './mock-server';

export class TestClock {
  now = Date.UTC(2026, 10, 21, 10, 46);
  private timers: { at: number; order: number; run: () => void }[] = [];
  private order = 0;

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.now + Math.max(0, ms), order: this.order++, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  };

  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settled();
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
    await settled();
  }
}

/** All promises that wait for nothing but other promises have run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** mulberry32: small, and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function testPlatform(server: MockServer, clock: TestClock, random: () => number, faults?: Faults): Platform & { offline: boolean } {
  const platform = {
    offline: false,
    now: () => clock.now,
    random,
    nonce: () => Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join(''),
    after: clock.after,
    openSocket: (_url: string, _protocol: string, events: SocketEvents) => {
      if (!platform.offline) return openMockLine(server, events, clock.after, faults);
      clock.after(1, () => events.close(1006));
      return { send: () => {}, close: () => {} };
    },
    fetch: (url: string, init: RequestInit) => (platform.offline ? Promise.reject(new TypeError('offline')) : mockFetch(server, url, init)),
    onWake: () => () => {},
    onNetworkLost: () => () => {},
    networkUp: () => !platform.offline,
    clientName: 'Tertulia test',
  };
  return platform;
}
