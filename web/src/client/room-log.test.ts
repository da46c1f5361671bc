// The log of a room: what comes twice, late, or folded.
import { describe, expect, it } from 'vitest';
import type { Entry } from '../protocol/entries';
import { RoomLog } from './room-log';

const entry = (seq: number, body: object, by = 'a'): Entry => ({ seq, posts: seq, by, at: seq * 1000, ...body }) as Entry;
const said = (seq: number, text: string) => entry(seq, { kind: 'message', text });

describe('a log', () => {
  it('applies what comes twice only once', () => {
    const log = new RoomLog('me');
    const reaction = entry(2, { kind: 'reaction', of: 1, emoji: '☕', on: true }, 'b');
    for (const one of [said(1, 'hello'), reaction, reaction, said(1, 'hello')]) log.apply(one);
    expect(log.post(1)?.reactions).toEqual([{ emoji: '☕', count: 1, mine: false, users: ['b'] }]);
    expect(log.between(1, 9)).toHaveLength(1);
  });

  it('keeps the latest change, whatever comes later', () => {
    const log = new RoomLog('me');
    log.apply(said(1, 'one'));
    log.apply(entry(5, { kind: 'edit', of: 1, text: 'five' }));
    log.apply(entry(3, { kind: 'edit', of: 1, text: 'three' }));
    expect(log.post(1)).toMatchObject({ text: 'five', editedAt: 5000 });
    log.fold(1, { changed_seq: 4, text: 'four' }, 4);
    expect(log.post(1)?.text).toBe('five');
    log.fold(1, { changed_seq: 7, text: 'seven' }, 8);
    log.apply(entry(6, { kind: 'delete', of: 1 }));
    expect(log.post(1)).toMatchObject({ text: 'seven', deleted: undefined });
  });

  it('shows who deleted what, and nothing of what it was', () => {
    const log = new RoomLog('me');
    log.apply(said(1, 'a phone number'));
    log.apply(entry(2, { kind: 'delete', of: 1, reason: 'a phone number' }, 'moderator'));
    expect(log.post(1)).toMatchObject({ text: '', deleted: { by: 'moderator', reason: 'a phone number' } });
  });

  it('knows its own reactions from a page, and takes them back', () => {
    const log = new RoomLog('me');
    log.applyTimeline({ t: 'page', id: 1, room: '1', mode: 'timeline', first: 1, through: 9, from: 1, to: 9, items: [{ ...said(1, 'hi'), state: { changed_seq: 4, reactions: [{ emoji: '☕', count: 3, mine: true }] } }] });
    log.apply(entry(10, { kind: 'reaction', of: 1, emoji: '☕', on: false }, 'me'));
    log.apply(entry(11, { kind: 'reaction', of: 1, emoji: '👍', on: true }, 'me'));
    expect(log.post(1)?.reactions.map(({ emoji, count, mine }) => [emoji, count, mine])).toEqual([['☕', 2, false], ['👍', 1, true]]);
    expect(log.ranges.all).toEqual([{ from: 1, to: 11 }]);
  });

  it('forgets a part in the middle, and takes it back', () => {
    const log = new RoomLog('me');
    for (let seq = 1; seq <= 9; seq++) log.apply(said(seq, `${seq}`));
    log.forget(3, 7);
    expect(log.between(1, 9).map((item) => item.seq)).toEqual([1, 2, 8, 9]);
    expect(log.ranges.all).toEqual([{ from: 1, to: 2 }, { from: 8, to: 9 }]);
    log.applyTimeline({ t: 'page', id: 1, room: '1', mode: 'timeline', first: 1, through: 9, from: 3, to: 7, items: [3, 4, 5, 6, 7].map((seq) => said(seq, `${seq}`)) });
    expect(log.between(1, 9).map((item) => item.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(log.ranges.all).toEqual([{ from: 1, to: 9 }]);
  });

  it('saves the newest that hang together', () => {
    const log = new RoomLog('me');
    for (const seq of [1, 2, 5, 6, 7, 8]) log.apply(said(seq, `${seq}`));
    const saved = log.saved(3);
    expect(saved.items.map((item) => item.seq)).toEqual([6, 7, 8]);
    expect(saved.ranges).toEqual([{ from: 6, to: 8 }]);
    const again = new RoomLog('me', structuredClone(saved));
    expect(again.ranges.all).toEqual([{ from: 6, to: 8 }]);
    log.cut(6);
    expect(log.between(1, 99).map((item) => item.seq)).toEqual([6, 7, 8]);
  });
});
