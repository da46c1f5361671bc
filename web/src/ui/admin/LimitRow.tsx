import { formatNumber, t } from '../../view-models/texts';
import type { LimitView } from '../../view-models/views';
import { classes } from '../parts/classes';

/** From this share on the bar is saffron. */
const NEAR_PERCENT = 90;

interface Props {
  limit: LimitView;
  typed: string;
  changed: boolean;
  problem: string | undefined;
  onType: (text: string) => void;
}

export function LimitRow({ limit, typed, changed, problem, onType }: Props) {
  const id = `limit-${limit.name}`;
  return (
    <tr className={changed ? 'changed' : undefined}>
      <td>
        <label className="label limit-title" htmlFor={id}>
          {limit.title}
        </label>
        <span className="hint">{limit.hint}</span>
      </td>
      <td>
        {limit.used && (
          <span className="use">
            <span>{limit.used.text}</span>
            <span className={classes('progress', limit.used.percent >= NEAR_PERCENT && 'call')} role="img" aria-label={`${limit.used.percent} %`}>
              <i style={{ '--done': `${limit.used.percent}%` } as React.CSSProperties} />
            </span>
          </span>
        )}
      </td>
      <td>
        <span className="input-unit">
          <input id={id} className={classes('input', problem && 'bad')} inputMode="numeric" value={typed} aria-invalid={problem ? true : undefined} onChange={(event) => onType(event.target.value)} />
          <span className="small muted unit">{limit.unit}</span>
        </span>
        {problem && <span className="hint bad">{problem}</span>}
        {changed && !problem && <span className="hint was">{t('admin.was', { value: formatNumber(limit.value) })}</span>}
      </td>
    </tr>
  );
}
