// All rooms, the unread ones, those where somebody calls.
import { t } from '../../view-models/texts';

export type Chip = 'all' | 'unread' | 'mentions';

interface Props {
  value: Chip;
  unread: number;
  mentions: number;
  onChoose: (chip: Chip) => void;
}

export function FilterChips({ value, unread, mentions, onChoose }: Props) {
  const chips: [Chip, string][] = [
    ['all', t('list.all')],
    ['unread', t('list.unread', { n: unread > 0 ? unread : '' }).trim()],
    ['mentions', t('list.mentions', { n: mentions > 0 ? mentions : '' }).trim()],
  ];
  return (
    <div className="chips">
      {chips.map(([chip, text]) => (
        <button key={chip} type="button" className="chip" aria-pressed={chip === value} onClick={() => onChoose(chip)}>
          {text}
        </button>
      ))}
    </div>
  );
}
