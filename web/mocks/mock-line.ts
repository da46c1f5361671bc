// Lines to the mock server: in order like a real socket, and as bad as a test wants them.
import type { Socket, SocketEvents } from '../src/platform/platform';
import type { ClientFrame, ServerFrame } from '../src/protocol/frames';
import type { MockServer, MockSession } from './mock-server';

export interface Faults {
  random: () => number;
  /** Chance that a frame is lost with the line that carried it, either way. */
  cut: number;
  /** Chance that an entry comes twice. */
  twice: number;
  /** Chance that an entry is lost on a line that lives: the client must see the hole. */
  lose: number;
  /** Longest delay of a frame, in ms; frames of a line keep their order. */
  delayMs: number;
}

export function openMockLine(server: MockServer, events: SocketEvents, after: (ms: number, run: () => void) => unknown, faults?: Faults): Socket {
  const line: { session: MockSession | undefined } = { session: undefined };
  let closed = false;
  let due = 0;
  const chance = (share: number) => faults !== undefined && faults.random() < share;
  const later = (run: () => void) => {
    due = Math.max(due, server.now() + (faults ? faults.random() * faults.delayMs : 0));
    after(due - server.now(), run);
  };
  const close = (code: number) => {
    if (closed) return;
    closed = true;
    if (line.session) server.sessions.delete(line.session);
    later(() => events.close(code));
  };
  const tell = (frame: ServerFrame) => {
    if (closed || server.silent) return;
    if (chance(faults?.cut ?? 0)) return close(1006);
    if (frame.t === 'entry' && chance(faults?.lose ?? 0)) return;
    const text = JSON.stringify(frame);
    const deliver = () => void (!closed && events.message(text));
    later(deliver);
    if (frame.t === 'entry' && chance(faults?.twice ?? 0)) later(deliver);
  };
  later(() => !closed && events.open());
  return {
    send: (text) => {
      if (closed) return;
      if (chance(faults?.cut ?? 0)) return close(1006);
      later(() => !closed && server.take(line, JSON.parse(text) as ClientFrame, tell, close));
    },
    close: () => {
      closed = true;
      if (line.session) server.sessions.delete(line.session);
    },
  };
}
