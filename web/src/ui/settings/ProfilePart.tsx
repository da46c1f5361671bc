// How others see one.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';

export interface ProfileForm {
  name: string;
  username: string;
  status: string;
}

interface Props {
  profile: ProfileForm;
  maxName: number;
  onSave: (profile: ProfileForm) => Promise<{ field?: string | undefined; text: string } | undefined>;
}

export function ProfilePart({ profile, maxName, onSave }: Props) {
  const [form, setForm] = useState(profile);
  const [problem, setProblem] = useState<{ field?: string | undefined; text: string }>();
  const [saved, setSaved] = useState(false);
  const change = (part: Partial<ProfileForm>) => {
    setForm({ ...form, ...part });
    setSaved(false);
  };
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    const failed = await onSave(form);
    setProblem(failed);
    setSaved(failed === undefined);
  };
  const wrong = (field: string) => (problem?.field === field ? problem.text : undefined);
  const known = ['name', 'handle', 'about'].includes(problem?.field ?? '');
  return (
    <form className="form" onSubmit={(event) => void save(event)}>
      <Field label={t('settings.display_name')} hint={t('welcome.name_hint')} problem={wrong('name')} value={form.name} maxLength={maxName} required onChange={(event) => change({ name: event.target.value })} />
      <Field label={t('settings.username')} hint={t('welcome.username_hint')} problem={wrong('handle')} value={form.username} autoCapitalize="none" required onChange={(event) => change({ username: event.target.value })} />
      <Field label={t('settings.status')} hint={t('settings.status_hint')} problem={wrong('about')} value={form.status} maxLength={250} onChange={(event) => change({ status: event.target.value })} />
      <Problem text={known ? undefined : problem?.text} />
      <div className="form-end">
        <button type="submit" className="btn primary">
          {t('common.save')}
        </button>
        <span className="small muted" role="status">
          {saved && t('settings.saved')}
        </span>
      </div>
    </form>
  );
}
