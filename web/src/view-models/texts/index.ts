// The catalogue: every word on the screen by its key, in the chosen language. No words stand in components.
import { en } from './en';

export type TextKey = keyof typeof en;
export type Plural = { one: string; other: string };
export type Catalogue = Record<TextKey, string | Plural>;
export type Language = 'en' | 'es';
export type Params = Record<string, string | number>;

export const languages: { id: Language; name: string }[] = [
  { id: 'en', name: 'English' },
  { id: 'es', name: 'Español' },
];

interface Current {
  language: Language;
  /** For dates and numbers: the browser's region where it speaks the language. */
  locale: string;
  catalogue: Catalogue;
  plurals: Intl.PluralRules;
}

let current: Current = currentFor('en', en, 'en');

function currentFor(language: Language, catalogue: Catalogue, locale: string): Current {
  return { language, locale, catalogue, plurals: new Intl.PluralRules(language) };
}

/** Loads a language's texts; English is always there, others are files of their own. */
export async function chooseLanguage(language: Language, browserLocales: readonly string[]): Promise<void> {
  const catalogue: Catalogue = language === 'es' ? (await import('./es')).es : en;
  const locale = browserLocales.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
  current = currentFor(language, catalogue, locale);
}

export const language = (): Language => current.language;
export const locale = (): string => current.locale;

/** The raw text with its {holes}; a plural is chosen by `n`. */
export function template(key: TextKey, params: Params = {}): string {
  const entry = current.catalogue[key];
  if (typeof entry === 'string') return entry;
  const n = Number(params.n ?? 0);
  return current.plurals.select(n) === 'one' ? entry.one : entry.other;
}

export function t(key: TextKey, params: Params = {}): string {
  return template(key, params).replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = params[name];
    if (value === undefined) return hole;
    return typeof value === 'number' ? formatNumber(value) : value;
  });
}

export const formatNumber = (value: number): string => value.toLocaleString(current.locale);

/** "Ana, Bo and Cy" in the language. */
export const formatList = (names: string[]): string =>
  new Intl.ListFormat(current.locale, { type: 'conjunction' }).format(names);
