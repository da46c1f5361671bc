// How this device shows things: kept on the device, put on the root element, before anybody is signed in, too.
import type { Language } from './texts';

export type Theme = 'system' | 'light' | 'dark';
export type TextSize = 'small' | 'regular' | 'large';

export interface Appearance {
  theme: Theme;
  textSize: TextSize;
  reduceMotion: boolean;
  alwaysTimes: boolean;
  language: Language;
}

const KEY = 'tertulia.appearance';

export function loadAppearance(storage: Pick<Storage, 'getItem'> | undefined, browserLanguages: readonly string[]): Appearance {
  const language: Language = browserLanguages[0]?.startsWith('es') ? 'es' : 'en';
  const standard: Appearance = { theme: 'system', textSize: 'regular', reduceMotion: false, alwaysTimes: false, language };
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? 'null');
    return kept !== null && typeof kept === 'object' ? { ...standard, ...kept } : standard;
  } catch {
    return standard;
  }
}

export function keepAppearance(storage: Pick<Storage, 'setItem'> | undefined, appearance: Appearance): void {
  try {
    storage?.setItem(KEY, JSON.stringify(appearance));
  } catch {
    // A full or forbidden storage only means that the choice lasts until the page is closed.
  }
}

/** Writes the choice where the styles look for it. */
export function showAppearance(root: HTMLElement, appearance: Appearance): void {
  root.dataset.theme = appearance.theme;
  root.dataset.text = appearance.textSize;
  if (appearance.reduceMotion) root.dataset.motion = 'reduced';
  else delete root.dataset.motion;
  root.lang = appearance.language;
}
