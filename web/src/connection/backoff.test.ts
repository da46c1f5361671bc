// How long a client waits before the next try.
import { expect, it } from 'vitest';
import { backoffMs } from './backoff';

it('waits anything from nothing to a bound that doubles and ends', () => {
  expect(backoffMs(0, 0)).toBe(0);
  expect(backoffMs(0, 1)).toBe(500);
  expect(backoffMs(3, 1)).toBe(4000);
  expect(backoffMs(3, 0.25)).toBe(1000);
  expect(backoffMs(60, 1)).toBe(30_000);
});
