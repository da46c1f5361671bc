// Sign up and log in with a user name and a password.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';

export interface Credentials {
  name: string;
  username: string;
  password: string;
}

interface Props {
  mode: 'sign_up' | 'log_in';
  maxName: number;
  minPassword: number;
  onSubmit: (credentials: Credentials) => Promise<{ field?: string | undefined; text: string } | undefined>;
  /** The other form; without one this is the only way in. */
  onOther?: (() => void) | undefined;
}

export function SignForm({ mode, maxName, minPassword, onSubmit, onOther }: Props) {
  const [form, setForm] = useState<Credentials>({ name: '', username: '', password: '' });
  const [problem, setProblem] = useState<{ field?: string | undefined; text: string }>();
  const [busy, setBusy] = useState(false);
  const isNew = mode === 'sign_up';
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(await onSubmit(form));
    setBusy(false);
  };
  const wrong = (field: string) => (problem?.field === field ? problem.text : undefined);
  const known = ['name', 'handle', 'password'].includes(problem?.field ?? '');
  return (
    <form onSubmit={(event) => void submit(event)}>
      {isNew && (
        <Field label={t('welcome.name')} hint={t('welcome.name_hint')} problem={wrong('name')} autoFocus autoComplete="name" maxLength={maxName} required value={form.name} onChange={(event) => setForm({ ...form, name: event.target.value })} />
      )}
      <Field
        label={t('welcome.username')}
        hint={isNew ? t('welcome.username_hint') : undefined}
        problem={wrong('handle')}
        autoFocus={!isNew}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={form.username}
        onChange={(event) => setForm({ ...form, username: event.target.value.trim().toLowerCase() })}
      />
      <Field
        label={t('welcome.password')}
        hint={isNew ? t('welcome.password_hint', { n: minPassword }) : undefined}
        problem={wrong('password')}
        type="password"
        autoComplete={isNew ? 'new-password' : 'current-password'}
        required
        value={form.password}
        onChange={(event) => setForm({ ...form, password: event.target.value })}
      />
      <Problem text={known ? undefined : problem?.text} />
      <button type="submit" className="btn primary big wide" disabled={busy}>
        {t(`welcome.${mode}`)}
      </button>
      {onOther && (
        <button type="button" className="btn quiet wide" onClick={onOther}>
          {isNew ? t('welcome.have_account') : t('welcome.no_account')}
        </button>
      )}
    </form>
  );
}
