// What a device keeps, apart for each account: an account is a user on a server, so that one client can have several.
// Boxes hold values of the client's own making; only their keys mean something here.
import type { DeviceId, UserId } from '../protocol/ids';

export interface Account {
  /** The server's address: "https://chat.example.org". */
  server: string;
  user: UserId;
  device: DeviceId;
  token: string;
  name: string;
  usedAt: number;
}

export type Box = 'state' | 'rooms' | 'commands';

export interface AccountStorage {
  get: (box: Box, key: string) => Promise<unknown>;
  all: (box: Box) => Promise<unknown[]>;
  /** Resolves when it is written: a command is sent only after that. */
  put: (box: Box, key: string, value: unknown) => Promise<void>;
  remove: (box: Box, key: string) => Promise<void>;
  /** Forgets everything of this account. */
  clear: () => Promise<void>;
}

export interface Storage {
  accounts: () => Promise<Account[]>;
  saveAccount: (account: Account) => Promise<void>;
  removeAccount: (account: Pick<Account, 'server' | 'user'>) => Promise<void>;
  open: (account: Pick<Account, 'server' | 'user'>) => AccountStorage;
}
