// Which numbers of a room this device has: closed ranges, sorted, never touching.
import type { Seq } from '../protocol/ids';

export interface Range {
  from: Seq;
  to: Seq;
}

export class Ranges {
  private list: Range[];

  constructor(list: readonly Range[] = []) {
    this.list = [];
    for (const range of list) this.add(range.from, range.to);
  }

  get all(): readonly Range[] {
    return this.list;
  }

  add(from: Seq, to: Seq): void {
    if (from > to) return;
    const kept: Range[] = [];
    for (const range of this.list) {
      if (range.to < from - 1 || range.from > to + 1) kept.push(range);
      else {
        from = Math.min(from, range.from);
        to = Math.max(to, range.to);
      }
    }
    kept.push({ from, to });
    this.list = kept.sort((a, b) => a.from - b.from);
  }

  /** Forgets everything below a number. */
  cut(first: Seq): void {
    this.remove(0, first - 1);
  }

  /** Forgets what stands between two numbers, both included. */
  remove(from: Seq, to: Seq): void {
    if (from > to) return;
    const rest = this.list.flatMap((range) => [
      { from: range.from, to: Math.min(range.to, from - 1) },
      { from: Math.max(range.from, to + 1), to: range.to },
    ]);
    this.list = rest.filter((range) => range.from <= range.to);
  }

  holding(seq: Seq): Range | undefined {
    return this.list.find((range) => range.from <= seq && seq <= range.to);
  }

  has(seq: Seq): boolean {
    return this.holding(seq) !== undefined;
  }
}
