// How many, in a pill.
import { formatNumber, t } from '../../view-models/texts';
import { classes } from './classes';

interface Props {
  n: number;
  kind?: 'quiet' | 'call' | undefined;
  mentions?: boolean;
}

/** A number in a pill; above 999 it says so instead of growing. */
export function Count({ n, kind, mentions }: Props) {
  const shown = n > 999 ? `${formatNumber(999)}+` : formatNumber(n);
  const label = mentions ? t('list.mention_count', { n }) : t('list.unread_count', { n });
  return (
    <span className={classes('count', kind)} role="img" aria-label={label}>
      <bdi dir="ltr">{mentions ? `@${shown}` : shown}</bdi>
    </span>
  );
}
