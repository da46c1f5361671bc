// The name of the command key, and reading key presses the same on every system.
export const isMac: boolean = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);
export const commandKey: string = isMac ? '⌘' : 'Ctrl';

interface Pressed {
  metaKey: boolean;
  ctrlKey: boolean;
}

export const withCommand = (event: Pressed): boolean => (isMac ? event.metaKey : event.ctrlKey);
