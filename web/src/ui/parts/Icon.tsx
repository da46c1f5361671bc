// One drawing of the sprite. Decorative: whoever uses it carries the words.
import { classes } from './classes';

const flipped = new Set(['back', 'reply', 'leave', 'right']);

export function Icon({ name, small }: { name: string; small?: boolean }) {
  return (
    <svg className={classes('i', small && 'i-s', flipped.has(name) && 'i-flip')} aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}
