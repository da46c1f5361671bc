// Addresses, there and back.
import { expect, it } from 'vitest';
import { pathOf, readRoute, type Route } from './route';

const routes: Route[] = [
  { at: 'rooms' },
  { at: 'room', room: '12345', seq: undefined },
  { at: 'room', room: '12345', seq: 77 },
  { at: 'people', person: undefined },
  { at: 'people', person: '@clara' },
  { at: 'settings', part: 'devices' },
  { at: 'limits' },
  { at: 'invite', token: '9f3k-2mqx' },
];

it('an address leads back to where it was made', () => {
  for (const route of routes) expect(readRoute(new URL(pathOf(route), 'http://x'))).toEqual(route);
});

it('reads the administrator’s link, and forgives what it does not know', () => {
  expect(readRoute(new URL('http://x/#ticket=abc'))).toEqual({ at: 'ticket', ticket: 'abc' });
  expect(readRoute(new URL('http://x/what/is/this'))).toEqual({ at: 'rooms' });
  expect(readRoute(new URL('http://x/rooms/1/not-a-number'))).toEqual({ at: 'room', room: '1', seq: undefined });
  expect(readRoute(new URL('http://x/people/%zz'))).toEqual({ at: 'people', person: '%zz' });
});
