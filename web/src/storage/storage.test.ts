// What every storage promises, held against both.
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from './indexed-db';
import { MemoryStorage } from './memory';
import type { Account } from './storage';

beforeAll(() => void (globalThis.IDBKeyRange = IDBKeyRange));

const account = (server: string, user: string): Account => ({ server, user, device: '1', token: 't', name: user, usedAt: 1 });
const kinds = { 'in memory': async () => new MemoryStorage(), 'in the browser': () => openStorage(new IDBFactory()) };

describe.each(Object.entries(kinds))('storage %s', (_name, open) => {
  it('keeps accounts apart by server and by user', async () => {
    const storage = await open();
    const boxes = [account('https://a', '1'), account('https://a', '11'), account('https://b', '1')].map((one) => storage.open(one));
    for (const [index, box] of boxes.entries()) await box.put('rooms', '7', { of: index });
    expect(await Promise.all(boxes.map((box) => box.all('rooms')))).toEqual([[{ of: 0 }], [{ of: 1 }], [{ of: 2 }]]);
    await boxes[0]!.clear();
    expect(await Promise.all(boxes.map((box) => box.get('rooms', '7')))).toEqual([undefined, { of: 1 }, { of: 2 }]);
  });

  it('forgets what is removed, in one box only', async () => {
    const box = (await open()).open(account('https://a', '1'));
    await box.put('commands', 'x', 1);
    await box.put('state', 'x', 2);
    await box.remove('commands', 'x');
    expect([await box.get('commands', 'x'), await box.get('state', 'x')]).toEqual([undefined, 2]);
  });

  it('remembers accounts once each', async () => {
    const storage = await open();
    await storage.saveAccount(account('https://a', '1'));
    await storage.saveAccount({ ...account('https://a', '1'), name: 'Clara' });
    await storage.saveAccount(account('https://b', '1'));
    await storage.removeAccount(account('https://b', '1'));
    expect((await storage.accounts()).map(({ name }) => name)).toEqual(['Clara']);
  });
});

it('falls back to memory where the browser allows no storage', async () => {
  expect(await openStorage(undefined)).toBeInstanceOf(MemoryStorage);
});
