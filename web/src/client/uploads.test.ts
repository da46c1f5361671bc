import { describe, expect, it } from 'vitest';
import { ConnectionLost, RequestError } from '../connection/request-error';
import type { Api } from '../connection/api';
import type { Upload } from '../protocol/rest';
import { standardLimits } from '../protocol/limits';
import { Uploads } from './uploads';

/** A server that takes uploads, and fails as it is told. */
function world(limits = standardLimits) {
  const server = new Map<string, { size: number; offset: number; state: Upload['state'] }>();
  const timers: (() => void)[] = [];
  const plan: { fail: (() => void) | undefined; refuse: boolean } = { fail: undefined, refuse: false };
  let ids = 0;
  const trouble = () => plan.fail?.();
  const api = {
    createUpload: async (_: string, size: number) => {
      trouble();
      const id = String(++ids);
      server.set(id, { size, offset: 0, state: size === 0 ? 'ready' : 'receiving' });
      return id;
    },
    appendUpload: async (id: string, offset: number, bytes: Blob) => {
      trouble();
      const upload = server.get(id)!;
      expect(offset).toBe(upload.offset);
      upload.offset += bytes.size;
      if (upload.offset === upload.size) upload.state = plan.refuse ? 'refused' : 'ready';
      return upload.offset;
    },
    upload: async (id: string): Promise<Upload> => {
      trouble();
      const { size, offset, state } = server.get(id)!;
      return { id, state, offset, size, expires_at: 0, ...(state === 'refused' ? { reason: 'a virus' } : { attachment: { name: 'a', type: 'b', size, hash: '', kind: 'file' } }) };
    },
    dropUpload: async (id: string) => void server.delete(id),
  } as unknown as Api;
  const platform = { now: () => 0, nonce: () => String(Math.random()), random: () => 1, after: (_: number, run: () => void) => (timers.push(run), () => {}) };
  const uploads = new Uploads(api, platform, () => limits, () => {});
  const settle = async () => {
    for (let turn = 0; turn < 200; turn++) {
      await new Promise((resolve) => setTimeout(resolve));
      timers.splice(0).forEach((run) => run());
    }
  };
  const file = (name: string, size: number) => ({ name, content: new Blob([new Uint8Array(size)]) });
  return { server, plan, uploads, settle, file };
}

describe('uploads', () => {
  it('go in parts, and on after a cut where the server has them', async () => {
    const { server, plan, uploads, settle, file } = world();
    let calls = 0;
    // Every third word is lost.
    plan.fail = () => {
      if (++calls % 3 === 0) throw new ConnectionLost();
    };
    uploads.add('1', [file('a', 3_500_000), file('b', 10)]);
    await settle();
    expect(uploads.of('1').map(({ state, sent }) => [state, sent])).toEqual([['ready', 3_500_000], ['ready', 10]]);
    expect(uploads.take('1').map(({ id }) => id)).toEqual([...server.keys()]);
    expect(uploads.of('1')).toEqual([]);
  });

  it('that are too large are told so before they begin', async () => {
    const { server, uploads, settle, file } = world({ ...standardLimits, attachment_bytes: 5, attachments_per_message: 2 });
    uploads.add('1', [file('a', 6), file('b', 5), file('c', 1)]);
    await settle();
    expect(uploads.of('1').map(({ name, state, failure }) => [name, state, failure?.code])).toEqual([['a', 'failed', 'too_large'], ['b', 'ready', undefined]]);
    expect(server.size).toBe(1);
  });

  it('stop when they are taken out, and when the server is sure', async () => {
    const { server, plan, uploads, settle, file } = world();
    plan.refuse = true;
    uploads.add('1', [file('a', 3), file('b', 0)]);
    const [a] = uploads.of('1');
    await settle();
    expect(a?.failure).toEqual({ code: 'upload_refused', detail: 'a virus' });
    plan.refuse = false;
    uploads.retry('1', a!.key);
    await settle();
    expect(a?.state).toBe('ready');
    plan.fail = () => {
      throw new RequestError({ code: 'limit_reached', detail: 'too many' });
    };
    uploads.add('1', [file('c', 3)]);
    await settle();
    expect(uploads.of('1').at(-1)?.failure?.code).toBe('limit_reached');
    const before = server.size;
    plan.fail = undefined;
    uploads.remove('1', a!.key);
    await settle();
    expect([uploads.of('1').length, server.size]).toEqual([2, before - 1]);
  });
});
