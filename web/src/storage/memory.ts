// Storage that lasts as long as the page: for tests, and for browsers that allow no other.
import type { Account, AccountStorage, Box, Storage } from './storage';

export class MemoryStorage implements Storage {
  private list: Account[] = [];
  private values = new Map<string, unknown>();

  async accounts(): Promise<Account[]> {
    return structuredClone(this.list);
  }

  async saveAccount(account: Account): Promise<void> {
    await this.removeAccount(account);
    this.list.push(structuredClone(account));
  }

  async removeAccount({ server, user }: Pick<Account, 'server' | 'user'>): Promise<void> {
    this.list = this.list.filter((other) => other.server !== server || other.user !== user);
  }

  open({ server, user }: Pick<Account, 'server' | 'user'>): AccountStorage {
    const prefix = (box: Box | '') => JSON.stringify([server, user]) + box;
    const matching = (start: string) => [...this.values.keys()].filter((key) => key.startsWith(start));
    return {
      get: async (box, key) => structuredClone(this.values.get(`${prefix(box)}/${key}`)),
      all: async (box) => matching(`${prefix(box)}/`).map((key) => structuredClone(this.values.get(key))),
      put: async (box, key, value) => void this.values.set(`${prefix(box)}/${key}`, structuredClone(value)),
      remove: async (box, key) => void this.values.delete(`${prefix(box)}/${key}`),
      clear: async () => matching(prefix('')).forEach((key) => this.values.delete(key)),
    };
  }
}
