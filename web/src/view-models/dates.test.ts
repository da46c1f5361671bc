// Times as people say them.
import { beforeAll, expect, it } from 'vitest';
import { dateInput, dayLine, dayStart, durationText, seenTime, shortTime } from './dates';
import { chooseLanguage } from './texts';

beforeAll(() => chooseLanguage('en', ['en-GB']));

const now = new Date(2026, 10, 21, 10, 46).getTime();
const at = (day: number, hour: number, minute: number) => new Date(2026, 10, day, hour, minute).getTime();

it('says times as people do', () => {
  expect(shortTime(now - 20_000, now)).toBe('now');
  expect(shortTime(at(21, 9, 12), now)).toBe('09:12');
  expect(shortTime(at(16, 9, 12), now)).toBe('Mon');
  expect(shortTime(at(2, 9, 12), now)).toBe('2 Nov');
  expect(dayLine(at(21, 1, 0), now)).toBe('Today, Saturday 21 November');
  expect(dayLine(at(20, 23, 59), now)).toBe('Yesterday, Friday 20 November');
  expect(seenTime(now - 20 * 60_000, now)).toBe('20 minutes ago');
  expect(seenTime(at(21, 1, 10), now)).toBe('at 01:10');
  expect(seenTime(at(20, 23, 0), now)).toBe('yesterday');
  expect(durationText(7 * 86_400_000 - 3000)).toBe('7 days');
  expect(durationText(3_600_000)).toBe('1 hour');
});

it('reads days as inputs write them', () => {
  expect(dateInput(now)).toBe('2026-11-21');
  expect(dayStart('2026-11-21')).toBe(at(21, 0, 0));
  expect(dayStart('')).toBeUndefined();
});
