// What the switches of Settings > Privacy show, and what they send.
import { describe, expect, it } from 'vitest';
import { privacyOf, privacyRows, switched } from './settings-view';

const on = (rows: { name: string; on: boolean }[]) => rows.filter((row) => row.on).map((row) => row.name);

describe('privacy settings', () => {
  it('show what is not set', () => {
    expect(on(privacyRows({}))).toEqual(['presence', 'receipts', 'typing']);
    expect(privacyOf({ privacy: { receipts: false } })).toEqual({ presence: true, last_seen: 'everybody', receipts: false });
  });

  it('go to the server whole, and leave the others alone', () => {
    const settings = { typing: false, privacy: { last_seen: 'friends' as const } };
    expect(switched(settings, 'presence', false)).toEqual({ privacy: { presence: false, last_seen: 'friends', receipts: true } });
    expect(switched(settings, 'typing', true)).toEqual({ typing: true });
    expect(on(privacyRows({ ...settings, ...switched(settings, 'receipts', false) }))).toEqual(['presence']);
  });
});
