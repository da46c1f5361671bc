import { t } from '../../view-models/texts';
import { Dialog } from '../parts/Dialog';
import { useDialogs } from './dialog-request';

/** There is no room yet to invite to: make one first. */
export function NewRoomHint({ onClose }: { onClose: () => void }) {
  const open = useDialogs();
  return (
    <Dialog title={t('list.invite')} onClose={onClose}>
      <p className="muted">{t('invite.no_room')}</p>
      <div>
        <button type="button" className="btn primary" onClick={() => open({ kind: 'new_room' })}>
          {t('list.new_room')}
        </button>
      </div>
    </Dialog>
  );
}
