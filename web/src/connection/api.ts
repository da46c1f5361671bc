// REST /v1: one method for each thing that is asked. A "no" is a RequestError with the server's own words.
import type { Role, RoomSettings } from '../protocol/entries';
import type { Nonce, RoomId, Seq, UserId } from '../protocol/ids';
import type { Ban, Device, FileLinks, Friend, Invite, InvitePreview, LimitItem, Listed, Me, Member, Profile, Room, RoomItem, ServerInfo, Session, Settings, Upload, User } from '../protocol/rest';
import type { Platform } from '../platform/platform';
import type { WireError } from '../protocol/errors';
import { ConnectionLost, RequestError } from './request-error';

interface Call {
  body?: unknown;
  nonce?: Nonce;
  query?: Record<string, string | undefined>;
}

export class Api {
  /** The server's address. */
  readonly base: string;
  private readonly platform: Platform;
  private readonly token: string | undefined;

  constructor(base: string, platform: Platform, token?: string) {
    this.base = base;
    this.platform = platform;
    this.token = token;
  }

  server = () => this.call<ServerInfo>('GET', '/server');
  invitePreview = (token: string) => this.call<InvitePreview>('GET', `/invites/${part(token)}`);
  signUp = (body: { name: string; handle?: string; password?: string; invite?: string }) => this.call<Session>('POST', '/users', { body });
  logIn = (body: { handle: string; password: string } | { ticket: string }) => this.call<Session>('POST', '/sessions', { body });
  signOut = () => this.call<void>('DELETE', '/sessions/current');

  me = () => this.call<Me>('GET', '/me');
  changeMe = (body: { name?: string; handle?: string; about?: string }) => this.call<Me>('PATCH', '/me', { body });
  setPassword = (body: { old?: string; new: string }) => this.call<void>('PUT', '/me/password', { body });
  settings = () => this.call<Settings>('GET', '/me/settings');
  saveSettings = (body: Settings) => this.call<void>('PUT', '/me/settings', { body });
  devices = () => this.call<Listed<Device>>('GET', '/me/devices');
  signOutDevice = (device: string) => this.call<void>('DELETE', `/me/devices/${part(device)}`);

  rooms = () => this.call<Listed<RoomItem> & { feed: number }>('GET', '/me/rooms');
  changeMyRoom = (room: RoomId, body: { muted?: boolean; pinned?: boolean }) => this.call<void>('PATCH', `/me/rooms/${part(room)}`, { body });
  friends = () => this.call<Listed<Friend>>('GET', '/me/friends');
  befriend = (user: UserId) => this.call<{ state: Friend['state'] }>('PUT', `/me/friends/${part(user)}`);
  unfriend = (user: UserId) => this.call<void>('DELETE', `/me/friends/${part(user)}`);
  blocks = () => this.call<Listed<User>>('GET', '/me/blocks');
  block = (user: UserId) => this.call<void>('PUT', `/me/blocks/${part(user)}`);
  unblock = (user: UserId) => this.call<void>('DELETE', `/me/blocks/${part(user)}`);

  findUsers = (q: string) => this.call<Listed<User>>('GET', '/users', { query: { q } });
  lookUp = (ids: UserId[]) => this.call<Listed<User>>('POST', '/users/lookup', { body: { ids } });
  profile = (user: UserId) => this.call<Profile>('GET', `/users/${part(user)}`);
  userByHandle = (handle: string) => this.call<Profile>('GET', `/users/by-handle/${part(handle)}`);

  direct = (user: UserId) => this.call<Room>('PUT', `/direct/${part(user)}`);
  room = (room: RoomId) => this.call<Room>('GET', `/rooms/${part(room)}`);
  createRoom = (body: { kind: 'group' | 'channel'; name: string; topic?: string; members?: UserId[] }, nonce: Nonce) => this.call<Room>('POST', '/rooms', { body, nonce });
  changeRoom = (room: RoomId, body: { name?: string; topic?: string; settings?: RoomSettings }, nonce: Nonce) => this.call<Room>('PATCH', `/rooms/${part(room)}`, { body, nonce });
  deleteRoom = (room: RoomId, nonce: Nonce) => this.call<void>('DELETE', `/rooms/${part(room)}`, { nonce });
  join = (room: RoomId, invite: string | undefined, nonce: Nonce) => this.call<Room>('POST', `/rooms/${part(room)}/join`, { body: { invite }, nonce });
  members = (room: RoomId, after?: string) => this.call<Listed<Member>>('GET', `/rooms/${part(room)}/members`, { query: { after, limit: '200' } });
  setMember = (room: RoomId, user: UserId, role: Role | undefined, nonce: Nonce) => this.call<Member>('PUT', `/rooms/${part(room)}/members/${part(user)}`, { body: { role }, nonce });
  removeMember = (room: RoomId, user: UserId, reason: string | undefined, nonce: Nonce) => this.call<void>('DELETE', `/rooms/${part(room)}/members/${part(user)}`, { query: { reason }, nonce });
  bans = (room: RoomId) => this.call<Listed<Ban>>('GET', `/rooms/${part(room)}/bans`);
  ban = (room: RoomId, user: UserId, body: { reason?: string; duration_ms?: number }, nonce: Nonce) => this.call<void>('PUT', `/rooms/${part(room)}/bans/${part(user)}`, { body, nonce });
  unban = (room: RoomId, user: UserId, nonce: Nonce) => this.call<void>('DELETE', `/rooms/${part(room)}/bans/${part(user)}`, { nonce });
  invite = (room: RoomId, body: { expires_in_ms?: number; uses?: number }) => this.call<Invite>('POST', `/rooms/${part(room)}/invites`, { body });

  /** Begins an upload: its id. */
  createUpload = async (name: string, size: number) => {
    const response = await this.send('POST', '/uploads', { ...tus, 'upload-length': String(size), 'upload-metadata': `filename ${base64(name)}` });
    return response.headers.get('location')?.split('/').at(-1) ?? '';
  };
  /** Sends a part of a file: how much the server has then. */
  appendUpload = async (id: string, offset: number, bytes: Blob) => {
    const headers = { ...tus, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
    const response = await this.send('PATCH', `/uploads/${part(id)}`, headers, bytes);
    return Number(response.headers.get('upload-offset') ?? offset + bytes.size);
  };
  upload = (id: string, waitMs?: number) => this.call<Upload>('GET', `/uploads/${part(id)}`, { query: { wait_ms: waitMs === undefined ? undefined : String(waitMs) } });
  dropUpload = (id: string) => this.call<void>('DELETE', `/uploads/${part(id)}`);
  fileLinks = (room: RoomId, items: { seq: Seq; index: number; thumb: boolean }[]) => this.call<FileLinks>('POST', `/rooms/${part(room)}/attachments/links`, { body: { items } });

  adminLimits = () => this.call<Listed<LimitItem>>('GET', '/admin/limits');
  changeLimits = (body: Record<string, number>) => this.call<Listed<LimitItem>>('PATCH', '/admin/limits', { body });

  private async call<T>(method: string, path: string, { body, nonce, query }: Call = {}): Promise<T> {
    const search = new URLSearchParams(Object.entries(query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined)).toString();
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (nonce !== undefined) headers['idempotency-key'] = nonce;
    const response = await this.send(method, `${path}${search && `?${search}`}`, headers, body === undefined ? undefined : JSON.stringify(body));
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  private async send(method: string, path: string, headers: Record<string, string>, body?: BodyInit): Promise<Response> {
    const own: Record<string, string> = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    const init: RequestInit = { method, headers: { ...headers, ...own }, cache: 'no-store', credentials: 'omit' };
    if (body !== undefined) init.body = body;
    const response = await this.platform.fetch(`${this.base}/v1${path}`, init).catch(() => {
      throw new ConnectionLost();
    });
    if (!response.ok) throw new RequestError(await problemOf(response));
    return response;
  }
}

const part = encodeURIComponent;

/** On every request about uploads. */
const tus = { 'tus-resumable': '1.0.0' };

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Also an answer that is no problem+json, from something between us and the server, becomes an error with a code. */
async function problemOf(response: Response): Promise<WireError> {
  const problem = (await response.json().catch(() => undefined)) as WireError | undefined;
  if (problem && typeof problem.code === 'string') return problem;
  return { code: response.status >= 500 ? 'unavailable' : response.status === 404 ? 'not_found' : 'malformed', detail: `${response.status}` };
}
