// What the buttons on messages do.
import { useMemo } from 'react';
import { pathOf } from '../../view-models/route';
import type { RoomModel } from '../../view-models/room-model';
import { TOAST_MS } from '../../view-models/app-model';
import { t } from '../../view-models/texts';
import { useDialogs } from '../dialogs/dialog-request';
import { copyText } from '../parts/CopyLine';
import { useApp, useClient } from '../use-model';
import type { RoomActions } from './room-actions';
import type { EmojiRequest } from './RoomStage';

export function useRoomActionsOf(model: RoomModel, pick: (request: EmojiRequest) => void): RoomActions {
  const app = useApp();
  const client = useClient();
  const open = useDialogs();
  const { id } = model;
  const myUsername = client.me?.handle ?? '';
  const { alwaysTimes } = app.appearance;
  return useMemo<RoomActions>(() => {
    const copied = (text: string, said: string) => void copyText(text).then(() => app.toast({ icon: 'check', text: said }));
    const remove = async (key: string) => {
      const post = model.post(key);
      if (!post) return;
      if (post.by !== client.myId) return open({ kind: 'delete_message', room: id, seq: post.seq });
      const command = await client.do(id, { type: 'delete', of: post.seq }, TOAST_MS);
      app.toast({ icon: 'trash', kind: 'danger', text: t('message.deleted_toast'), action: { text: t('common.undo'), run: () => void client.outbox.undo(command) } });
    };
    return {
      room: id,
      myUsername,
      alwaysTimes,
      react: (of, emoji, on) => void client.do(id, { type: 'react', of, emoji, on }),
      pickEmoji: (seq, anchor) => pick({ seq, anchor }),
      reply: model.reply,
      edit: model.edit,
      remove: (key) => void remove(key),
      copyLink: (seq) => copied(new URL(pathOf({ at: 'room', room: id, seq }), app.ports.server).href, t('message.link_copied')),
      copyText: (text) => copied(text, t('message.text_copied')),
      retry: (key) => void client.outbox.retry(key),
      discard: (key) => void client.outbox.discard(key),
      goTo: model.goToKey,
      openPerson: (person) => app.go({ at: 'people', person }),
      openMention: (handle) => app.go({ at: 'people', person: `@${handle}` }),
    };
  }, [app, client, id, model, myUsername, alwaysTimes, open, pick]);
}
