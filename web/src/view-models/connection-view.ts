// The line to the server, for the bar on top.
import type { Client } from '../client/client';
import { clockTime } from './dates';
import type { ConnectionView } from './views';

export function connectionView(client: Client): ConnectionView {
  const { kind, since } = client.lineState;
  return { kind, since: since === undefined ? '' : clockTime(since), waiting: client.outbox.waiting };
}
