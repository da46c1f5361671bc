// Storage in IndexedDB: one database, a store for each box, keys that begin with server and user.
import { MemoryStorage } from './memory';
import type { Account, AccountStorage, Box, Storage } from './storage';

const NAME = 'tertulia';
const VERSION = 1;
const boxes: Box[] = ['state', 'rooms', 'commands'];

/** The browser's storage, or memory where it allows none (a private window of an old browser). */
export async function openStorage(factory: IDBFactory | undefined): Promise<Storage> {
  if (!factory) return new MemoryStorage();
  try {
    return new IndexedDbStorage(await openDatabase(factory));
  } catch {
    return new MemoryStorage();
  }
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const { result } = request;
    result.createObjectStore('accounts', { keyPath: ['server', 'user'] });
    for (const box of boxes) result.createObjectStore(box);
  };
  return done(request);
}

class IndexedDbStorage implements Storage {
  private readonly database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.database = database;
    // Another tab with a newer client wants to change the database: let it.
    database.onversionchange = () => database.close();
  }

  accounts(): Promise<Account[]> {
    return done(this.read('accounts').getAll());
  }

  saveAccount(account: Account): Promise<void> {
    return this.write('accounts', (store) => store.put(account));
  }

  removeAccount({ server, user }: Pick<Account, 'server' | 'user'>): Promise<void> {
    return this.write('accounts', (store) => store.delete([server, user]));
  }

  open({ server, user }: Pick<Account, 'server' | 'user'>): AccountStorage {
    // Arrays sort after strings: this spans every key of the account.
    const mine = () => IDBKeyRange.bound([server, user], [server, user, []]);
    return {
      get: (box, key) => done(this.read(box).get([server, user, key])),
      all: (box) => done(this.read(box).getAll(mine())),
      put: (box, key, value) => this.write(box, (store) => store.put(value, [server, user, key])),
      remove: (box, key) => this.write(box, (store) => store.delete([server, user, key])),
      clear: async () => {
        for (const box of boxes) await this.write(box, (store) => store.delete(mine()));
      },
    };
  }

  private read(store: string): IDBObjectStore {
    return this.database.transaction(store, 'readonly').objectStore(store);
  }

  private write(name: string, run: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.database.transaction(name, 'readwrite', { durability: 'strict' });
    run(transaction.objectStore(name));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the storage refused'));
    });
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the storage failed'));
  });
}
