// A line of a settings card with a switch at its end.
import { Switch } from './Switch';

interface Props {
  title: string;
  hint: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** A line of a settings card that is on or off. */
export function SwitchRow({ title, hint, ...rest }: Props) {
  return (
    <div className="row">
      <span className="what">
        <span className="label">{title}</span>
        <span className="small">{hint}</span>
      </span>
      <Switch label={title} {...rest} />
    </div>
  );
}
