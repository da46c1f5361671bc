import { t } from '../../view-models/texts';
import type { MessageView } from '../../view-models/views';
import { IconButton } from '../parts/IconButton';
import { useRoomActions } from './room-actions';

/** The toolbar that floats at the margin, over the line above. */
export function MessageTools({ message, onMore }: { message: MessageView; onMore: (anchor: DOMRect) => void }) {
  const actions = useRoomActions();
  const seq = message.seq ?? 0;
  return (
    <div className="tools" role="toolbar" aria-label={t('message.actions')}>
      <IconButton icon="smile" label={t('message.react')} onClick={(event) => actions.pickEmoji(seq, event.currentTarget.getBoundingClientRect())} />
      <IconButton icon="reply" label={t('message.reply')} onClick={() => actions.reply(message.key)} />
      {message.canEdit && <IconButton icon="edit" label={t('message.edit')} onClick={() => actions.edit(message.key)} />}
      <IconButton icon="link" label={t('message.copy_link')} onClick={() => actions.copyLink(seq)} />
      <IconButton icon="more" label={t('message.more')} aria-haspopup="menu" onClick={(event) => onMore(event.currentTarget.getBoundingClientRect())} />
    </div>
  );
}
