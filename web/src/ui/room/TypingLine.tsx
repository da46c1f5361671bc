import { t } from '../../view-models/texts';
import { Rich } from '../parts/Rich';

/** Who is writing now, at the foot of the room; its place is kept when nobody is. */
export function TypingLine({ names }: { names: string[] }) {
  const [a, b] = names;
  return (
    <div className="typing" aria-live="polite">
      {a !== undefined && (
        <>
          <span className="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span className="cut">
            {names.length > 2 ? t('room.typing_many') : <Rich id={b === undefined ? 'room.typing_one' : 'room.typing_two'} with={{ a: <b>{a}</b>, b: <b>{b}</b> }} />}
          </span>
        </>
      )}
    </div>
  );
}
