// Sets a password, or another one.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import { Field } from '../parts/Field';

interface Props {
  username: string;
  hasPassword: boolean;
  minLength: number;
  onSave: (next: string, current: string | undefined) => Promise<{ field?: string | undefined; text: string } | undefined>;
}

export function PasswordPart({ username, hasPassword, minLength, onSave }: Props) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [problem, setProblem] = useState<{ field?: string | undefined; text: string }>();
  const [saved, setSaved] = useState(false);
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    const failed = await onSave(next, hasPassword ? current : undefined);
    setProblem(failed);
    setSaved(failed === undefined);
    if (failed === undefined) {
      setCurrent('');
      setNext('');
    }
  };
  const wrongCurrent = problem?.field === 'old' ? problem.text : undefined;
  return (
    <form className="form" onSubmit={(event) => void save(event)}>
      <input className="sr" type="text" autoComplete="username" value={username} readOnly tabIndex={-1} aria-hidden="true" />
      {hasPassword && (
        <Field label={t('settings.current_password')} type="password" autoComplete="current-password" required problem={wrongCurrent} value={current} onChange={(event) => setCurrent(event.target.value)} />
      )}
      <Field
        label={t('settings.new_password')}
        type="password"
        autoComplete="new-password"
        minLength={minLength}
        required
        hint={t('welcome.password_hint', { n: minLength })}
        problem={wrongCurrent ? undefined : problem?.text}
        value={next}
        onChange={(event) => setNext(event.target.value)}
      />
      <div className="form-end">
        <button type="submit" className="btn primary">
          {t('settings.set_password')}
        </button>
        <span className="small muted" role="status">
          {saved && t('settings.password_saved', { name: username })}
        </span>
      </div>
    </form>
  );
}
