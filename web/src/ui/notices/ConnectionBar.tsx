import { t } from '../../view-models/texts';
import type { ConnectionView } from '../../view-models/views';
import { Icon } from '../parts/Icon';

/** One quiet line over everything: offline and since when, connecting, back. */
export function ConnectionBar({ connection, onTry }: { connection: ConnectionView; onTry: () => void }) {
  const { kind, since, waiting } = connection;
  if (kind === 'online') return null;
  if (kind === 'back')
    return (
      <div className="connection ok" role="status">
        <Icon name="check" small />
        <span>{t('connection.back')}</span>
      </div>
    );
  if (kind === 'connecting')
    return (
      <div className="connection" role="status">
        <Icon name="refresh" small />
        <span>{t('connection.connecting')}</span>
      </div>
    );
  return (
    <div className="connection" role="status">
      <Icon name="cloudoff" small />
      <span>
        <b>{t('connection.offline', { when: since })}</b>{' '}
        {waiting > 0 && (
          <>
            {t('connection.waiting', { n: waiting })}
            <span className="wide-only">{t('connection.by_itself')}</span>.
          </>
        )}
      </span>
      <button type="button" className="link-btn small" onClick={onTry}>
        {t('connection.try_now')}
      </button>
    </div>
  );
}
