// One section of limits.
import { formatNumber, t } from '../../view-models/texts';
import type { LimitView } from '../../view-models/views';
import { LimitRow } from './LimitRow';

interface Props {
  title: string;
  limits: LimitView[];
  typed: Record<string, string>;
  changes: Record<string, number>;
  problem: { field?: string | undefined; text: string } | undefined;
  onType: (name: string, text: string) => void;
}

export function LimitsTable({ title, limits, typed, changes, problem, onType }: Props) {
  if (limits.length === 0) return null;
  return (
    <section className="block">
      <header>
        <h2>{title}</h2>
      </header>
      <div className="card">
        <table className="limits">
          <thead>
            <tr>
              <th scope="col">{t('admin.limit')}</th>
              <th scope="col" className="used">
                {t('admin.in_use')}
              </th>
              <th scope="col" className="value">
                {t('admin.value')}
              </th>
            </tr>
          </thead>
          <tbody>
            {limits.map((limit) => (
              <LimitRow
                key={limit.name}
                limit={limit}
                typed={typed[limit.name] ?? formatNumber(limit.value)}
                changed={limit.name in changes}
                problem={problem?.field === limit.name ? problem.text : undefined}
                onType={(text) => onType(limit.name, text)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
