// The state of one's own message.
import { t } from '../../view-models/texts';
import type { MessageState } from '../../view-models/views';
import { Icon } from '../parts/Icon';

const icons: Record<MessageState, string> = { pending: 'clock', sent: 'check', delivered: 'checks', read: 'checks', failed: 'alert' };

/** How far your message has come: a drawing that carries its word. */
export function StateIcon({ state }: { state: MessageState }) {
  const label = t(`message.${state}`);
  return (
    <span className={`state-${state}`} role="img" aria-label={label} title={label}>
      <Icon name={icons[state]} small />
    </span>
  );
}
