// Which face colour and which tile belong to an id: the same on every device, for ever.

/** FNV-1a, 32 bits: small, stable, spreads short ids well enough for eight colours. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}

/** 1 to 8: the pair of ground and ink. */
export const tintOf = (id: string): number => (hashOf(id) % 8) + 1;

/** Drawing 1 to 8 and a quarter turn of 0, 90, 180 or 270 degrees. */
export function tileOf(id: string): { drawing: number; turn: number } {
  const hash = hashOf(id);
  return { drawing: ((hash >>> 8) % 8) + 1, turn: ((hash >>> 16) % 4) * 90 };
}

/** The first letters of the first and last word, by what the eye calls a letter. */
export function initialsOf(name: string): string {
  const known = initials.get(name) ?? firstLetters(name);
  if (initials.size > KEPT) initials.clear();
  initials.set(name, known);
  return known;
}

const initials = new Map<string, string>();
/** Names whose letters are remembered. */
const KEPT = 2000;

function firstLetters(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0];
  if (first === undefined) return '?';
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return (letterOf(first) + (last === undefined ? '' : letterOf(last))).toLocaleUpperCase();
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function letterOf(word: string): string {
  const letters = [...graphemes.segment(word)].map((part) => part.segment);
  return letters.find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? letters[0] ?? '';
}
