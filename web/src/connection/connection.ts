// One socket to the server, opened again whenever it is lost. It says hello, matches answers to requests, notices
// silence, and hands every other frame on. What to say in hello and what frames mean is the client's: client/client.ts.
import { close, SUBPROTOCOL, type Ack, type Changed, type Hello, type Page, type Request, type ServerFrame, type Welcome } from '../protocol/frames';
import type { Platform, Socket } from '../platform/platform';
import { backoffMs } from './backoff';
import { ConnectionLost, RequestError } from './request-error';

export type ConnectionState = 'idle' | 'connecting' | 'online' | 'waiting';

export interface ConnectionEvents {
  hello: () => Omit<Hello, 't'>;
  welcome: (frame: Welcome) => void;
  frame: (frame: ServerFrame) => void;
  state: (state: ConnectionState) => void;
  /** The token is no longer good: sign in again. */
  signedOut: () => void;
}

interface Answers {
  send: Ack;
  edit: Ack;
  delete: Ack;
  react: Ack;
  read: Ack;
  subscribe: Ack;
  unsubscribe: Ack;
  history: Page;
  changes: Changed;
  presence: Ack;
  ping: { t: 'pong'; id: number };
}

interface Waiting {
  resolve: (frame: ServerFrame) => void;
  reject: (error: Error) => void;
}

/** A silent line is given up this long after the ping, in ms. */
const PONG_MS = 10_000;
/** A line that does not come up is given up, in ms. */
const OPEN_MS = 15_000;

export class Connection {
  state: ConnectionState = 'idle';
  private socket: Socket | undefined;
  private tries = 0;
  private nextId = 1;
  private heartbeatMs = 30_000;
  private waiting = new Map<number, Waiting>();
  private stopTimer = () => {};
  private stopSilence = () => {};
  private generation = 0;
  private readonly url: string;
  private readonly platform: Platform;
  private readonly events: ConnectionEvents;
  private readonly stopListening: (() => void)[];

  constructor(url: string, platform: Platform, events: ConnectionEvents) {
    this.url = url;
    this.platform = platform;
    this.events = events;
    this.stopListening = [platform.onWake(() => this.state === 'waiting' && this.open()), platform.onNetworkLost(() => this.online && this.lost(0))];
  }

  /** Opens now, whatever was waited for. */
  open(): void {
    this.drop();
    const generation = ++this.generation;
    const current = (run: () => void) => () => generation === this.generation && run();
    this.enter('connecting');
    this.stopTimer = this.platform.after(OPEN_MS, current(() => this.lost(0)));
    this.socket = this.platform.openSocket(this.url, SUBPROTOCOL, {
      open: current(() => this.socket?.send(JSON.stringify({ t: 'hello', ...this.events.hello() }))),
      message: (text) => generation === this.generation && this.receive(text),
      close: (code) => generation === this.generation && this.lost(code),
    });
  }

  /** Closes for good. */
  stop(): void {
    for (const stop of this.stopListening) stop();
    this.drop();
    this.enter('idle');
  }

  get online(): boolean {
    return this.state === 'online';
  }

  request<R extends Request>(request: R): Promise<Answers[R['t']]> {
    if (!this.online) return Promise.reject(new ConnectionLost());
    const id = this.nextId++;
    return new Promise<ServerFrame>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket?.send(JSON.stringify({ ...request, id }));
    }) as Promise<Answers[R['t']]>;
  }

  /** For what needs no answer: lost when the line is. */
  tell(frame: { t: 'typing'; room: string; on: boolean }): void {
    if (this.online) this.socket?.send(JSON.stringify(frame));
  }

  private receive(text: string): void {
    this.listen();
    const frame = JSON.parse(text) as ServerFrame;
    if (frame.t === 'welcome') {
      this.tries = 0;
      this.heartbeatMs = frame.heartbeat_ms;
      this.stopTimer();
      this.enter('online');
      this.listen();
      this.events.welcome(frame);
      return;
    }
    const asked = 'id' in frame && frame.id !== undefined ? this.waiting.get(frame.id) : undefined;
    if (asked && 'id' in frame && frame.id !== undefined) {
      this.waiting.delete(frame.id);
      if (frame.t === 'error') asked.reject(new RequestError(frame));
      else asked.resolve(frame);
    } else if (frame.t === 'error') this.refused(frame.retry_after_ms);
    else if (frame.t === 'notice' && frame.notice === 'reconnect') this.reopenAfter(frame.after_ms);
    else this.events.frame(frame);
  }

  /** An error that answers nothing: hello was turned away, or the line is about to close. */
  private refused(retryAfterMs: number | undefined): void {
    if (this.state === 'connecting' && retryAfterMs !== undefined) this.reopenAfter(retryAfterMs);
  }

  private reopenAfter(ms: number): void {
    this.drop();
    this.enter('waiting');
    this.stopTimer = this.platform.after(ms, () => this.open());
  }

  private lost(code: number): void {
    this.drop();
    if (code === close.unauthenticated || code === close.revoked) {
      this.enter('idle');
      this.events.signedOut();
      return;
    }
    this.enter('waiting');
    const wait = code === close.flood ? 60_000 : backoffMs(this.tries++, this.platform.random());
    this.stopTimer = this.platform.after(wait, () => this.open());
  }

  /** After silence a ping, after more silence the line is given up. */
  private listen(): void {
    this.stopSilence();
    if (!this.online) return;
    this.stopSilence = this.platform.after(this.heartbeatMs, () => {
      this.request({ t: 'ping' }).catch(() => {});
      this.stopSilence = this.platform.after(PONG_MS, () => this.lost(0));
    });
  }

  private drop(): void {
    this.generation++;
    this.stopTimer();
    this.stopSilence();
    this.socket?.close();
    this.socket = undefined;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const asked of waiting) asked.reject(new ConnectionLost());
  }

  private enter(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.events.state(state);
  }
}
