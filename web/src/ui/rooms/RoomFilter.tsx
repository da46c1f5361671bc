// The box that narrows the list and jumps.
import { t } from '../../view-models/texts';
import { commandKey } from '../keys';
import { Icon } from '../parts/Icon';

interface Props {
  value: string;
  onChange: (text: string) => void;
  onEnter: () => void;
  onDown: () => void;
}

export function RoomFilter({ value, onChange, onEnter, onDown }: Props) {
  return (
    <label className="filter">
      <Icon name="search" small />
      <span className="sr">{t('list.filter')}</span>
      <input
        id="jump"
        type="search"
        autoComplete="off"
        placeholder={t('list.jump')}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onEnter();
          else if (event.key === 'ArrowDown') {
            event.preventDefault();
            onDown();
          } else if (event.key === 'Escape' && value !== '') {
            event.stopPropagation();
            onChange('');
          }
        }}
      />
      <kbd className="wide-only">{`${commandKey} K`}</kbd>
    </label>
  );
}
