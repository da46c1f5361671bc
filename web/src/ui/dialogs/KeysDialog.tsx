// The list of keys.
import { t, type TextKey } from '../../view-models/texts';
import { commandKey } from '../keys';
import { Dialog } from '../parts/Dialog';

const keys: [string, TextKey][] = [
  [`${commandKey} K`, 'keys.jump'],
  ['Alt ↑ ↓', 'keys.next'],
  ['Enter', 'keys.send'],
  ['↑', 'keys.edit'],
  ['Tab', 'keys.complete'],
  ['Esc', 'keys.escape'],
  ['F6', 'keys.regions'],
  ['↑ ↓ Home End', 'keys.timeline'],
  ['R E L Delete', 'keys.letters'],
  [`${commandKey} /`, 'keys.list'],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t('keys.title')} onClose={onClose}>
      <dl className="keys">
        {keys.map(([key, text]) => (
          <div key={text}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
