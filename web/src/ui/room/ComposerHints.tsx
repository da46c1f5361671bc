// What the keys do, below the composer.
import { t } from '../../view-models/texts';

export function ComposerHints() {
  return (
    <div className="composer-hints">
      <span>{t('composer.hint_enter')}</span>
      <span>{t('composer.hint_shift')}</span>
      <span>{t('composer.hint_at')}</span>
    </div>
  );
}
