// Saving a file of a message.
import type { Client } from '../../client/client';
import type { FileOf } from './Attachments';

/** Saves a file of a message to the device, by a link that is made for it. */
export async function saveFile(client: Client, of: FileOf, index: number, name: string): Promise<void> {
  const url = await client.links.get(of.room, of.seq, index, false);
  if (url === undefined) return;
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}
