// What the user did and the server has not yet confirmed: kept on the device with its nonce until it is.
import type { Attachment } from '../protocol/entries';
import type { Request } from '../protocol/frames';
import type { Nonce, RoomId, Seq, TimeMs } from '../protocol/ids';

export type CommandBody =
  | { type: 'send'; text: string; replyTo?: Seq | undefined; files?: SentFile[] | undefined }
  | { type: 'edit'; of: Seq; text: string }
  | { type: 'delete'; of: Seq; reason?: string | undefined }
  | { type: 'react'; of: Seq; emoji: string; on: boolean };

/** A file that was uploaded for a message. */
export interface SentFile {
  upload: string;
  attachment: Attachment;
}

export interface Command {
  /** Names it on this device for ever: its first nonce. */
  key: string;
  nonce: Nonce;
  room: RoomId;
  /** The order in which they were given. */
  order: number;
  at: TimeMs;
  body: CommandBody;
  /** The room's head known at the first try: with it and the nonce every retry is the same frame. */
  since?: Seq | undefined;
  /** Not to be sent before this: so long it can be undone. */
  holdUntil?: TimeMs | undefined;
  /** It will not go by itself any more; the code says why. */
  failed?: { code: string; detail: string } | undefined;
}

export function requestOf({ room, nonce, body }: Command, since: Seq): Request {
  const head = { room, nonce, since };
  switch (body.type) {
    case 'send':
      return { t: 'send', ...head, text: body.text, ...(body.replyTo === undefined ? {} : { reply_to: body.replyTo }), ...(body.files?.length ? { attachments: body.files.map((file) => file.upload) } : {}) };
    case 'edit':
      return { t: 'edit', ...head, of: body.of, text: body.text };
    case 'delete':
      return { t: 'delete', ...head, of: body.of, ...(body.reason ? { reason: body.reason } : {}) };
    case 'react':
      return { t: 'react', ...head, of: body.of, emoji: body.emoji, on: body.on };
  }
}
