// Ranges against a plain set of numbers.
import { describe, expect, it } from 'vitest';
import { seeded } from '../../mocks/test-platform';
import { Ranges } from './ranges';

describe('ranges', () => {
  it('join where they touch, and stay apart where they do not', () => {
    const ranges = new Ranges([{ from: 1, to: 3 }, { from: 10, to: 12 }]);
    ranges.add(4, 5);
    expect(ranges.all).toEqual([{ from: 1, to: 5 }, { from: 10, to: 12 }]);
    ranges.add(5, 9);
    expect(ranges.all).toEqual([{ from: 1, to: 12 }]);
    ranges.add(7, 3);
    expect(ranges.all).toEqual([{ from: 1, to: 12 }]);
  });

  it('forget what was cut off', () => {
    const ranges = new Ranges([{ from: 1, to: 3 }, { from: 5, to: 9 }]);
    ranges.cut(7);
    expect(ranges.all).toEqual([{ from: 7, to: 9 }]);
  });

  it('forget what stands between two numbers', () => {
    const ranges = new Ranges([{ from: 1, to: 9 }, { from: 20, to: 25 }]);
    ranges.remove(4, 6);
    ranges.remove(9, 22);
    expect(ranges.all).toEqual([{ from: 1, to: 3 }, { from: 7, to: 8 }, { from: 23, to: 25 }]);
  });

  it('hold exactly the numbers that were added, in whatever order', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seeded(seed);
      const ranges = new Ranges();
      const numbers = new Set<number>();
      for (let i = 0; i < 30; i++) {
        const from = Math.floor(random() * 100);
        const to = from + Math.floor(random() * 8);
        ranges.add(from, to);
        for (let n = from; n <= to; n++) numbers.add(n);
      }
      for (let n = 0; n < 120; n++) expect(ranges.has(n)).toBe(numbers.has(n));
      for (let i = 1; i < ranges.all.length; i++) expect(ranges.all[i]!.from).toBeGreaterThan(ranges.all[i - 1]!.to + 1);
    }
  });
});
