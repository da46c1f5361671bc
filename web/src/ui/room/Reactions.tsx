// The reactions below a message; a press adds or takes back one's own.
import type { ReactionView } from '../../view-models/views';
import { formatNumber, t } from '../../view-models/texts';
import { useRoomActions } from './room-actions';

export function Reactions({ reactions, seq }: { reactions: ReactionView[]; seq: number }) {
  const actions = useRoomActions();
  return (
    <div className="reactions">
      {reactions.map(({ emoji, count, mine, names }) => {
        const label = t('message.reacted', { names, emoji });
        return (
          <button key={emoji} type="button" className="reaction" aria-pressed={mine} title={label} onClick={() => actions.react(seq, emoji, !mine)}>
            <span>{emoji}</span>
            <span>{formatNumber(count)}</span>
            <span className="sr">{label}</span>
          </button>
        );
      })}
    </div>
  );
}
