// The catalogues: the same holes in every language.
import { afterEach, expect, it } from 'vitest';
import { chooseLanguage, t, template } from '.';
import { en } from './en';
import { es } from './es';

afterEach(() => chooseLanguage('en', ['en-GB']));

const holes = (entry: string | { one: string; other: string }) =>
  [...new Set([...(typeof entry === 'string' ? entry : `${entry.one} ${entry.other}`).matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();

it('every text has the same holes in both languages', () => {
  for (const [key, entry] of Object.entries(en)) expect([key, holes(es[key as keyof typeof en])]).toEqual([key, holes(entry)]);
});

it('chooses plurals and fills holes, in the chosen language', async () => {
  expect(t('room.members_count', { n: 1 })).toBe('1 member');
  expect(t('room.members_count', { n: 1234 })).toBe('1,234 members');
  await chooseLanguage('es', ['es-ES']);
  expect(t('room.members_count', { n: 2 })).toBe('2 miembros');
  expect(template('list.by')).toContain('{who}');
});
