// Keeps the client's files on the device, where the browser allows it: https and localhost.

export function keepShell(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  // After the first page has come: what it needs goes first.
  window.addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => {}));
}
