// What the client needs of the world around it: time, chance, timers, sockets, requests, and how the page is doing.
// The browser's is browser.ts; tests give their own, with a clock they turn themselves.

export interface SocketEvents {
  open: () => void;
  message: (text: string) => void;
  close: (code: number) => void;
}

export interface Socket {
  send: (text: string) => void;
  close: () => void;
}

export interface Platform {
  now: () => number;
  /** From 0 up to 1. */
  random: () => number;
  /** 128 random bits as 32 hexadecimal digits. */
  nonce: () => string;
  /** Runs once after a time; the answer stops it. */
  after: (ms: number, run: () => void) => () => void;
  openSocket: (url: string, protocol: string, events: SocketEvents) => Socket;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Calls when the network comes back, or the page is shown again after a sleep. */
  onWake: (run: () => void) => () => void;
  /** Calls when the device says that its network is gone: a socket would notice only much later. */
  onNetworkLost: (run: () => void) => () => void;
  /** Whether the device itself has a network; the server may be out of reach all the same. */
  networkUp: () => boolean;
  clientName: string;
}
