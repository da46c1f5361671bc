// What a banned person sees instead of the room: plain and final.
import { t } from '../../view-models/texts';
import type { BanView } from '../../view-models/views';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Tile } from '../parts/Tile';

export function BannedNotice({ ban, onBack }: { ban: BanView; onBack: () => void }) {
  return (
    <main className="stage" data-region="stage">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back')} className="back" onClick={onBack} />
        <Tile id={ban.room.id} />
        <div className="bar-title">
          <h1 className="cut">
            <bdi>{ban.room.name}</bdi>
          </h1>
          <p>{t('room.not_member')}</p>
        </div>
      </header>
      <div className="notice-page">
        <div className="notice" role="alert" data-notice="banned">
          <div className="notice-head">
            <span className="tile l danger-tile">
              <Icon name="ban" />
            </span>
            <h1>{t('banned.title', { room: ban.room.name })}</h1>
          </div>
          <p className="muted">{t('banned.text')}</p>
          <dl className="card rows">
            <div>
              <dt>{t('banned.reason')}</dt>
              <dd dir="auto">{ban.reason === '' ? t('banned.no_reason') : ban.reason}</dd>
            </div>
            <div>
              <dt>{t('banned.until')}</dt>
              <dd>
                {ban.until === '' ? t('banned.for_good') : ban.until} {ban.duration !== '' && <span className="muted">({ban.duration})</span>}
              </dd>
            </div>
            {ban.by !== '' && (
              <div>
                <dt>{t('banned.by')}</dt>
                <dd>{ban.by}</dd>
              </div>
            )}
          </dl>
          <div className="notice-actions">
            <button type="button" className="btn primary" onClick={onBack}>
              {t('banned.back')}
            </button>
          </div>
          <p className="small faint">{t('banned.rest')}</p>
        </div>
      </div>
    </main>
  );
}
