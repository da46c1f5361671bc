// The form of one field: a name, and the room is open.
import { useState, type ReactNode } from 'react';
import { t } from '../../view-models/texts';
import { Field } from '../parts/Field';

interface Props {
  button: string;
  maxName: number;
  note?: ReactNode;
  /** Resolves to what is wrong with the name, or to nothing. */
  onName: (name: string) => Promise<string | undefined>;
}

export function NameForm({ button, maxName, note, onName }: Props) {
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const enter = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(await onName(name.trim()));
    setBusy(false);
  };
  return (
    <>
      <form onSubmit={(event) => void enter(event)}>
        <Field
          label={t('welcome.name')}
          hint={t('welcome.name_hint')}
          problem={problem}
          big
          autoFocus
          autoComplete="name"
          maxLength={maxName}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" className="btn primary big wide tall" disabled={busy || name.trim() === ''}>
          {button}
        </button>
      </form>
      {note}
    </>
  );
}
