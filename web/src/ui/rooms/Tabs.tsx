// The foot of the list on a phone: four parts.
import { formatNumber, t } from '../../view-models/texts';
import { Icon } from '../parts/Icon';

export type Part = 'rooms' | 'people' | 'search' | 'you';

interface Props {
  current: Part;
  unread: number;
  requests: number;
  onChoose: (part: Part) => void;
}

export function Tabs({ current, unread, requests, onChoose }: Props) {
  const tabs: [Part, string, string, number, string][] = [
    ['rooms', 'rooms', t('nav.rooms'), unread, 'count'],
    ['people', 'people', t('nav.people'), requests, 'count call'],
    ['search', 'search', t('nav.search'), 0, 'count'],
    ['you', 'person', t('nav.you'), 0, 'count'],
  ];
  return (
    <nav className="tabs" aria-label={t('nav.parts')}>
      {tabs.map(([part, icon, text, n, count]) => (
        <a
          key={part}
          href="/"
          aria-current={part === current ? 'page' : undefined}
          onClick={(event) => {
            event.preventDefault();
            onChoose(part);
          }}
        >
          <Icon name={icon} />
          {text}
          {n > 0 && <span className={count}>{n > 99 ? '99+' : formatNumber(n)}</span>}
        </a>
      ))}
    </nav>
  );
}
