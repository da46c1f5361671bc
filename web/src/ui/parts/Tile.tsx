// The floor tile of a room, drawn from its id.
import { tileOf, tintOf } from '../../view-models/hash';
import { classes } from './classes';

export function Tile({ id, size }: { id: string; size?: 's' | 'm' | 'l' }) {
  const { drawing, turn } = tileOf(id);
  return (
    <span className={classes('tile', `t${tintOf(id)}`, size)} aria-hidden="true">
      <svg viewBox="0 0 24 24">
        <use href={`#t-${drawing}`} transform={`rotate(${turn} 12 12)`} width="24" height="24" />
      </svg>
    </span>
  );
}
