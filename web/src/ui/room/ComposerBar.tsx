// The line in the composer that says what is answered or edited.
import { t } from '../../view-models/texts';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Rich } from '../parts/Rich';

interface Props {
  replyTo: { author: string; text: string } | undefined;
  editing: string | undefined;
  onCancel: () => void;
}

/** Inside the composer's frame: what is being answered or edited. */
export function ComposerBar({ replyTo, editing, onCancel }: Props) {
  if (!replyTo && editing === undefined) return null;
  return (
    <div className="reply-bar">
      <Icon name={editing === undefined ? 'reply' : 'edit'} small />
      <span className="cut grow">
        {editing === undefined ? <Rich id="composer.reply_to" with={{ who: <b>{replyTo?.author}</b>, text: replyTo?.text }} /> : t('composer.editing', { text: editing })}
      </span>
      <IconButton icon="close" label={editing === undefined ? t('composer.cancel_reply') : t('composer.cancel_edit')} onClick={onCancel} />
    </div>
  );
}
