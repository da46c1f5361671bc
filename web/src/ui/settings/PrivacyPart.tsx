// What others get to see.
import type { PrivacyRow } from '../../view-models/settings-view';
import { t } from '../../view-models/texts';
import { SwitchRow } from '../parts/SwitchRow';


export function PrivacyPart({ rows, onChange }: { rows: PrivacyRow[]; onChange: (name: string, on: boolean) => void }) {
  return (
    <section className="card rows">
      {rows.map((row) => (
        <SwitchRow key={row.name} title={t(row.title)} hint={t(row.hint)} on={row.on} onChange={(on) => onChange(row.name, on)} />
      ))}
    </section>
  );
}
