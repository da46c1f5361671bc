// Times as people say them, in the chosen language. `now` is a parameter: these are pure.
import { locale, t } from './texts';

const DAY_MS = 86_400_000;

/** Making a formatter costs far more than using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(at: number, options: Intl.DateTimeFormatOptions): string {
  const key = locale() + JSON.stringify(options);
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  formatters.set(key, known);
  return known.format(at);
}

export const clockTime = (at: number): string => format(at, { hour: '2-digit', minute: '2-digit' });

export const fullTime = (at: number): string =>
  format(at, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' });

/** The local day as a number that grows by one: for separators and "yesterday". */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

/** A day as inputs of dates write it, and back: its first moment here. */
export function dateInput(at: number): string {
  const date = new Date(at);
  return `${String(date.getFullYear()).padStart(4, '0')}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
}

export function dayStart(text: string): number | undefined {
  const [year = NaN, month = NaN, day = NaN] = text.split('-').map(Number);
  const at = new Date(year, month - 1, day).getTime();
  return Number.isNaN(at) ? undefined : at;
}

/** The room list's margin: a time today, a weekday this week, a date before. */
export function shortTime(at: number, now: number): string {
  const days = dayOf(now) - dayOf(at);
  if (days <= 0) return now - at < 60_000 ? t('common.now') : clockTime(at);
  if (days < 7) return format(at, { weekday: 'short' });
  return format(at, { day: 'numeric', month: 'short', ...yearUnlessThis(at, now) });
}

/** The separator between days. */
export function dayLine(at: number, now: number): string {
  const date = format(at, { weekday: 'long', day: 'numeric', month: 'long', ...yearUnlessThis(at, now) });
  const days = dayOf(now) - dayOf(at);
  if (days === 0) return t('time.today_with', { date });
  if (days === 1) return t('time.yesterday_with', { date });
  return date;
}

/** "Saturday 28 November, 10:50": until when a ban lasts. */
export const longMoment = (at: number, now: number): string =>
  format(at, { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit', ...yearUnlessThis(at, now) });

export const plainDate = (at: number): string => format(at, { day: 'numeric', month: 'long', year: 'numeric' });

/** After "Seen": 20 minutes ago, at 09:10, yesterday, on Monday. */
export function seenTime(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 60) return t('time.minutes_ago', { n: Math.max(1, minutes) });
  const days = dayOf(now) - dayOf(at);
  if (days <= 0) return t('time.at', { time: clockTime(at) });
  if (days === 1) return t('time.yesterday').toLocaleLowerCase(locale());
  if (days < 7) return t('time.on', { date: format(at, { weekday: 'long' }) });
  return t('time.on', { date: format(at, { day: 'numeric', month: 'long', ...yearUnlessThis(at, now) }) });
}

export function durationText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return t('time.minutes', { n: Math.max(1, minutes) });
  const hours = Math.round(minutes / 60);
  return hours < 24 ? t('time.hours', { n: hours }) : t('time.days', { n: Math.round(hours / 24) });
}

function yearUnlessThis(at: number, now: number): Intl.DateTimeFormatOptions {
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' };
}
