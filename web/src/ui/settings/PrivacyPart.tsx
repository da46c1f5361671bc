// What others get to see.
import type { Circle } from '../../protocol/rest';
import { circles, type PrivacyRow } from '../../view-models/settings-view';
import { t } from '../../view-models/texts';
import { Segments } from '../parts/Segments';
import { SwitchRow } from '../parts/SwitchRow';

interface Props {
  rows: PrivacyRow[];
  lastSeen: Circle;
  onSwitch: (name: PrivacyRow['name'], on: boolean) => void;
  onLastSeen: (circle: Circle) => void;
}

export function PrivacyPart({ rows, lastSeen, onSwitch, onLastSeen }: Props) {
  const [presence, ...others] = rows.map((row) => (
    <SwitchRow key={row.name} title={t(row.title)} hint={t(row.hint)} on={row.on} onChange={(on) => onSwitch(row.name, on)} />
  ));
  const isShown = rows.some((row) => row.name === 'presence' && row.on);
  return (
    <section className="card rows">
      {presence}
      {isShown && (
        <div className="row">
          <span className="what">
            <span className="label">{t('settings.last_seen')}</span>
            <span className="small wide-only">{t('settings.last_seen_hint')}</span>
          </span>
          <Segments<Circle>
            label={t('settings.last_seen')}
            value={lastSeen}
            options={circles.map((value) => ({ value, text: t(`settings.to_${value}`) }))}
            onChoose={onLastSeen}
          />
        </div>
      )}
      {others}
    </section>
  );
}
