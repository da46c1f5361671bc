// What was changed and not yet applied.
import { t } from '../../view-models/texts';

export function SaveBar({ count, onDiscard, onApply }: { count: number; onDiscard: () => void; onApply: () => void }) {
  return (
    <div className="save-bar">
      <span className="grow">
        <b>{t('admin.changes', { n: count })}</b> <span className="muted wide-only">{t('admin.told')}</span>
      </span>
      <button type="button" className="btn" onClick={onDiscard}>
        {t('common.discard')}
      </button>
      <button type="button" className="btn primary" onClick={onApply}>
        {t('admin.apply')}
      </button>
    </div>
  );
}
