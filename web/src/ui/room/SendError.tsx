import { t } from '../../view-models/texts';
import type { MessageView } from '../../view-models/views';
import { useRoomActions } from './room-actions';

/** Why it was not sent, and the two things one can do about it. */
export function SendError({ message }: { message: MessageView }) {
  const actions = useRoomActions();
  return (
    <div className="send-error" role="alert">
      <span>{t('message.not_sent', { why: message.failure ?? t('error.stopped') })}</span>
      <button type="button" className="link-btn" onClick={() => actions.retry(message.key)}>
        {t('common.retry')}
      </button>
      <button type="button" className="link-btn danger" onClick={() => actions.discard(message.key)}>
        {t('common.discard')}
      </button>
    </div>
  );
}
