// The same actions as the toolbar, as a menu: for the phone, the keyboard, and "more".
import { t } from '../../view-models/texts';
import type { MessageView } from '../../view-models/views';
import type { MenuEntry } from '../parts/Menu';
import type { RoomActions } from './room-actions';

export function menuOf(message: MessageView, actions: RoomActions, anchor: DOMRect): MenuEntry[] {
  const { seq } = message;
  const entries: MenuEntry[] = [];
  if (message.state === 'failed') entries.push({ icon: 'refresh', text: t('common.retry'), run: () => actions.retry(message.key) });
  if (seq !== undefined) {
    entries.push(
      { icon: 'smile', text: t('message.react'), end: 'E', run: () => actions.pickEmoji(seq, anchor) },
      { icon: 'reply', text: t('message.reply'), end: 'R', run: () => actions.reply(message.key) },
      { icon: 'link', text: t('message.copy_link'), end: 'L', run: () => actions.copyLink(seq) },
    );
  }
  entries.push({ icon: 'copy', text: t('message.copy_text'), run: () => actions.copyText(message.text) });
  if (message.canEdit) entries.push({ icon: 'edit', text: t('message.edit'), line: true, run: () => actions.edit(message.key) });
  if (message.canDelete) entries.push({ icon: 'trash', text: t('message.delete'), danger: true, run: () => actions.remove(message.key) });
  if (message.state === 'failed') entries.push({ icon: 'trash', text: t('common.discard'), danger: true, run: () => actions.discard(message.key) });
  return entries;
}
