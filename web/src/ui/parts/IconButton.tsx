// A button that is only a drawing.
import type { ButtonHTMLAttributes } from 'react';
import { classes } from './classes';
import { Icon } from './Icon';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: string;
  label: string;
  on?: boolean | undefined;
}

/** A button that is only a drawing: its label is read out and shown as a tooltip. */
export function IconButton({ icon, label, on, className, ...rest }: Props) {
  return (
    <button
      type="button"
      className={classes('icon-btn', on && 'on', className)}
      aria-label={label}
      title={label}
      aria-pressed={on}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
