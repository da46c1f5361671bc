import { t } from '../../view-models/texts';
import { useDialogs } from '../dialogs/dialog-request';
import { Bones } from '../parts/Bones';
import { Icon } from '../parts/Icon';
import { MissingTile } from '../parts/MissingTile';

/** No room is open: what to do next. */
export function NoRoom({ empty, loading }: { empty: boolean; loading: boolean }) {
  const open = useDialogs();
  return (
    <main className="stage" data-region="stage">
      <div className="scroll centred-scroll">
        {loading ? (
          <Bones rows={5} />
        ) : (
          <div className="empty">
            <MissingTile />
            <h1>{empty ? t('room.pick_title') : t('room.pick')}</h1>
            {empty && <p>{t('list.first_hint')}</p>}
            <div className="notice-actions">
              <button type="button" className="btn primary" onClick={() => open({ kind: 'new_room' })}>
                <Icon name="plus" />
                {t('list.new_room')}
              </button>
              <button type="button" className="btn" onClick={() => open({ kind: 'add_friend' })}>
                <Icon name="people" />
                {t('room.empty_people')}
              </button>
            </div>
          </div>
        )}
      </div>
    </main>
  );
}
