// Asks for a day and goes to what was said then.
import { useState } from 'react';
import { dateInput, dayStart } from '../../view-models/dates';
import { t } from '../../view-models/texts';
import { Dialog } from '../parts/Dialog';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';

interface Props {
  /** The first day that can be gone to, and today. */
  first: number;
  now: number;
  onGo: (at: number) => Promise<string | undefined>;
  onClose: () => void;
}

export function DateDialog({ first, now, onGo, onClose }: Props) {
  const [date, setDate] = useState(dateInput(now));
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const at = dayStart(date);
  const go = async (event: React.FormEvent) => {
    event.preventDefault();
    if (at === undefined || busy) return;
    setBusy(true);
    const failed = await onGo(at);
    setBusy(false);
    if (failed === undefined) onClose();
    else setProblem(failed);
  };
  return (
    <Dialog
      title={t('date.title')}
      narrow
      onClose={onClose}
      footer={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t('common.cancel')}
          </button>
          <button type="submit" form="go-to-date" className="btn primary" disabled={at === undefined} aria-busy={busy}>
            {t('date.go')}
          </button>
        </>
      }
    >
      <form id="go-to-date" className="form" onSubmit={(event) => void go(event)}>
        <Field label={t('date.label')} hint={t('date.hint')} type="date" dir="ltr" required data-autofocus min={dateInput(first)} max={dateInput(now)} value={date} onChange={(event) => setDate(event.target.value)} />
        <Problem text={problem} />
      </form>
    </Dialog>
  );
}
