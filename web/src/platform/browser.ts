// The platform in a browser.
import type { Platform } from './platform';

export function browserPlatform(): Platform {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    nonce: () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    openSocket: (url, protocol, events) => {
      const socket = new WebSocket(url, protocol);
      socket.onopen = events.open;
      socket.onmessage = (event) => events.message(String(event.data));
      socket.onclose = (event) => events.close(event.code);
      return { send: (text) => socket.send(text), close: () => socket.close() };
    },
    fetch: (url, init) => fetch(url, init),
    onWake: (run) => {
      const shown = () => document.visibilityState === 'visible' && run();
      window.addEventListener('online', run);
      document.addEventListener('visibilitychange', shown);
      return () => {
        window.removeEventListener('online', run);
        document.removeEventListener('visibilitychange', shown);
      };
    },
    onNetworkLost: (run) => {
      window.addEventListener('offline', run);
      return () => window.removeEventListener('offline', run);
    },
    networkUp: () => navigator.onLine,
    clientName: `Tertulia web, ${browserName(navigator.userAgent)}`,
  };
}

/** "Firefox on Linux": enough to know a device by. */
function browserName(agent: string): string {
  const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : 'a browser';
  const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Mac OS/.test(agent) ? 'Mac' : /Windows/.test(agent) ? 'Windows' : 'Linux';
  return `${browser} on ${system}`;
}
