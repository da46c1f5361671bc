// The page as a whole: which account, where one is, what this device likes to look like. Screens ask it; it asks the
// client. One for each page. Read on in room-model.ts (an open room) and list-view.ts.
import { Api } from '../connection/api';
import { Changes } from '../client/changes';
import { Client } from '../client/client';
import { RequestError } from '../connection/request-error';
import type { InvitePreview, ServerInfo, Session } from '../protocol/rest';
import type { Navigation } from '../platform/navigation';
import type { Platform } from '../platform/platform';
import type { Account, Storage } from '../storage/storage';
import { keepAppearance, loadAppearance, showAppearance, type Appearance } from './appearance';
import { attempt, attemptForm, type FormProblem } from './errors';
import { pathOf, readRoute, type Route } from './route';
import { chooseLanguage, t } from './texts';

export interface Toast {
  id: number;
  kind?: 'danger' | 'call' | undefined;
  icon: string;
  text: string;
  action?: { text: string; run: () => void } | undefined;
}

export type Phase =
  | { at: 'starting' }
  | { at: 'signing_in'; problem?: string | undefined }
  /** The server's first administrator, who has said no name yet. */
  | { at: 'first_name' }
  | { at: 'invited'; invite: InvitePreview; token: string }
  | { at: 'sign'; mode: 'sign_up' | 'log_in'; note?: string | undefined }
  | { at: 'inside' };

export interface AppPorts {
  server: string;
  platform: Platform;
  storage: Storage;
  navigation: Navigation;
  localStorage: globalThis.Storage | undefined;
  root: HTMLElement;
  browserLanguages: readonly string[];
}

/** A toast stays this long; so long a deletion can be undone, in ms. */
export const TOAST_MS = 6000;

export class AppModel {
  readonly changes = new Changes();
  readonly ports: AppPorts;
  phase: Phase = { at: 'starting' };
  route: Route;
  client: Client | undefined;
  server: ServerInfo | undefined;
  appearance: Appearance;
  toasts: Toast[] = [];
  private nextToast = 1;

  constructor(ports: AppPorts) {
    this.ports = ports;
    this.route = readRoute(ports.navigation.url());
    this.appearance = loadAppearance(ports.localStorage, ports.browserLanguages);
    ports.navigation.onChange(() => {
      this.route = readRoute(ports.navigation.url());
      this.changes.raise();
    });
  }

  async start(): Promise<void> {
    showAppearance(this.ports.root, this.appearance);
    await chooseLanguage(this.appearance.language, this.ports.browserLanguages);
    void this.fetchServer();
    const account = await this.lastAccount();
    if (this.route.at === 'ticket') return this.enterByTicket(this.route.ticket);
    if (account) {
      await this.enter(account);
      if (this.route.at === 'invite') await this.joinBy(this.route.token);
      return;
    }
    if (this.route.at === 'invite') return this.showInvite(this.route.token);
    this.show({ at: 'sign', mode: 'sign_up' });
  }

  get serverName(): string {
    return this.server?.name ?? t('app.name');
  }

  // ----- signing in and out -----

  signUp = (name: string, handle: string, password: string): Promise<FormProblem | undefined> =>
    attemptForm(async () => {
      await this.begin(await this.guest().signUp({ name, handle, password }));
      await this.landInRoom();
    });

  logIn = (handle: string, password: string): Promise<FormProblem | undefined> =>
    attemptForm(async () => this.begin(await this.guest().logIn({ handle, password })));

  /** Whoever opened an invitation: a name is enough, unless the server asks for a password. */
  enterInvited = (name: string, more: { handle?: string; password?: string } = {}): Promise<FormProblem | undefined> =>
    attemptForm(async () => {
      if (this.phase.at !== 'invited') return;
      const { invite, token } = this.phase;
      await this.begin(await this.guest().signUp({ name, ...more, invite: token }));
      await this.joinBy(token, invite.room.id);
    });

  /** The form of one field of the first administrator: a name, and the first room is open. */
  nameFirst = (name: string): Promise<string | undefined> =>
    attempt(async () => {
      const { client } = this;
      if (!client) return;
      client.me = await client.api.changeMe({ name });
      await this.ports.storage.saveAccount({ ...client.account, name });
      await this.openFirstRoom(client);
      this.show({ at: 'inside' });
    });

  async signOut(): Promise<void> {
    const { client } = this;
    if (!client) return;
    await client.api.signOut().catch(() => {});
    await this.forget(client);
  }

  choose(mode: 'sign_up' | 'log_in'): void {
    this.show({ at: 'sign', mode });
  }

  // ----- moving about -----

  go(route: Route): void {
    this.route = route;
    this.ports.navigation.push(pathOf(route));
    this.changes.raise();
  }

  replace(route: Route): void {
    this.route = route;
    this.ports.navigation.replace(pathOf(route));
    this.changes.raise();
  }

  openRoom = (room: string, seq?: number): void => this.go({ at: 'room', room, seq });

  /** Opens the direct room with somebody, made if needed. */
  async openDirect(user: string): Promise<void> {
    const problem = await attempt(async () => {
      const room = await this.client?.api.direct(user);
      if (!room) return;
      this.client?.learnRoom(room);
      this.openRoom(room.id);
    });
    if (problem) this.toast({ icon: 'alert', kind: 'danger', text: problem });
  }

  toast(toast: Omit<Toast, 'id'>): void {
    const id = this.nextToast++;
    this.toasts = [...this.toasts.slice(-2), { id, ...toast }];
    this.ports.platform.after(TOAST_MS, () => this.closeToast(id));
    this.changes.raise();
  }

  closeToast = (id: number): void => {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.changes.raise();
  };

  async changeAppearance(change: Partial<Appearance>): Promise<void> {
    this.appearance = { ...this.appearance, ...change };
    showAppearance(this.ports.root, this.appearance);
    keepAppearance(this.ports.localStorage, this.appearance);
    if (change.language) await chooseLanguage(change.language, this.ports.browserLanguages);
    this.changes.raise();
  }

  // ----- inside -----

  private guest(): Api {
    return new Api(this.ports.server, this.ports.platform);
  }

  private async fetchServer(): Promise<void> {
    this.server = await this.guest()
      .server()
      .catch(() => undefined);
    this.changes.raise();
  }

  private async lastAccount(): Promise<Account | undefined> {
    const accounts = await this.ports.storage.accounts();
    return accounts.filter((account) => account.server === this.ports.server).sort((a, b) => b.usedAt - a.usedAt)[0];
  }

  private async enterByTicket(ticket: string): Promise<void> {
    this.show({ at: 'signing_in' });
    this.replace({ at: 'rooms' });
    try {
      await this.begin(await this.guest().logIn({ ticket }), 'first_name');
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const account = await this.lastAccount();
      if (account) await this.enter(account);
      else this.show({ at: 'sign', mode: 'log_in', note: t('welcome.link_spent') });
    }
  }

  private async showInvite(token: string): Promise<void> {
    try {
      this.show({ at: 'invited', token, invite: await this.guest().invitePreview(token) });
    } catch (error) {
      this.show({ at: 'sign', mode: 'log_in', note: error instanceof RequestError ? t('welcome.invite_gone') : t('error.offline') });
    }
  }

  private async joinBy(token: string, known?: string): Promise<void> {
    const { client } = this;
    if (!client) return;
    const problem = await attempt(async () => {
      const room = known ?? (await this.guest().invitePreview(token)).room.id;
      client.learnRoom(await client.api.join(room, token, this.ports.platform.nonce()));
      this.replace({ at: 'room', room });
    });
    if (problem) {
      this.replace({ at: 'rooms' });
      this.toast({ icon: 'alert', kind: 'danger', text: problem });
    }
  }

  private async begin(session: Session, phase: 'inside' | 'first_name' = 'inside'): Promise<void> {
    const { token, device, user } = session;
    const account: Account = { server: this.ports.server, user: user.id, device, token, name: user.name, usedAt: this.ports.platform.now() };
    await this.ports.storage.saveAccount(account);
    await this.enter(account, session, phase);
  }

  private async enter(account: Account, session?: Session, phase: 'inside' | 'first_name' = 'inside'): Promise<void> {
    await this.client?.stop();
    const client = new Client(account, this.ports.platform, this.ports.storage.open(account));
    if (session) {
      client.me = session.user;
      client.admin = session.user.admin;
    }
    client.onSignedOut = () => void this.forget(client);
    client.changes.subscribe(this.changes.raise);
    this.client = client;
    await client.start();
    this.show({ at: phase });
  }

  private async openFirstRoom(client: Client): Promise<void> {
    const rooms = (await client.api.rooms()).items;
    const room = rooms[0] ?? (await client.api.createRoom({ kind: 'group', name: t('welcome.first_room') }, this.ports.platform.nonce()));
    client.learnRoom(room);
    this.replace({ at: 'room', room: room.id });
  }

  /** Whoever is new and in one room, as servers with a first room do it, lands in that. */
  private async landInRoom(): Promise<void> {
    const { client } = this;
    if (!client || this.route.at !== 'rooms') return;
    await client.refresh('rooms');
    const [room, second] = client.rooms.values();
    if (room && !second && this.route.at === 'rooms') this.replace({ at: 'room', room: room.id });
  }

  private async forget(client: Client): Promise<void> {
    await client.stop();
    await this.ports.storage.open(client.account).clear();
    await this.ports.storage.removeAccount(client.account);
    if (this.client === client) this.client = undefined;
    this.replace({ at: 'rooms' });
    this.show({ at: 'sign', mode: 'log_in' });
  }

  private show(phase: Phase): void {
    this.phase = phase;
    this.changes.raise();
  }
}
