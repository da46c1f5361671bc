// An input with its label, its hint, and what is wrong with it.
import { useId, type InputHTMLAttributes } from 'react';
import { classes } from './classes';
import { Icon } from './Icon';

interface Props extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  big?: boolean;
}

/** A labelled input; what is wrong with it stands below it and is read out with it. */
export function Field({ label, hint, problem, big, className, ...rest }: Props) {
  const id = useId();
  const note = problem ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={classes('input', big && 'big', problem && 'bad', className)}
        aria-invalid={problem ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        dir="auto"
        {...rest}
      />
      {note && (
        <span id={`${id}-note`} className={problem ? 'hint bad' : 'hint'} role={problem ? 'alert' : undefined}>
          {problem && <Icon name="alert" small />}
          {note}
        </span>
      )}
    </div>
  );
}
