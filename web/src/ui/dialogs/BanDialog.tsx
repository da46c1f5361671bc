// Bans somebody from a room: for how long, and why. The button says what it does.
import { useState } from 'react';
import { longMoment } from '../../view-models/dates';
import { shortName } from '../../view-models/names';
import { t } from '../../view-models/texts';
import type { FaceView } from '../../view-models/views';
import { Dialog } from '../parts/Dialog';
import { Face } from '../parts/Face';
import { Icon } from '../parts/Icon';
import { Problem } from '../parts/Problem';
import { Segments } from '../parts/Segments';

const HOUR_MS = 3_600_000;
const terms = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, ever: undefined } as const;
type Term = keyof typeof terms;

/** The server's bound for a reason. */
const MAX_REASON = 500;

interface Props {
  person: FaceView;
  roomName: string;
  now: number;
  onBan: (reason: string, durationMs: number | undefined) => Promise<string | undefined>;
  onClose: () => void;
}

export function BanDialog({ person, roomName, now, onBan, onClose }: Props) {
  const [term, setTerm] = useState<Term>('week');
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const lasts = terms[term];
  const short = shortName(person.name);
  const ban = async () => {
    setBusy(true);
    const failed = await onBan(reason.trim(), lasts);
    setBusy(false);
    if (failed === undefined) onClose();
    else setProblem(failed);
  };
  return (
    <Dialog
      title={t('ban.title', { name: person.name })}
      subtitle={t('ban.from', { room: roomName })}
      lead={<Face face={{ id: person.id, name: person.name }} size="l" />}
      onClose={onClose}
      footer={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t('common.cancel')}
          </button>
          <button type="button" className="btn danger" disabled={busy} onClick={() => void ban()}>
            <Icon name="ban" />
            {t(`ban.do_${term}`)}
          </button>
        </>
      }
    >
      <fieldset className="field">
        <legend className="label">{t('ban.how_long')}</legend>
        <Segments
          wide
          label={t('ban.how_long')}
          value={term}
          options={(Object.keys(terms) as Term[]).map((value) => ({ value, text: t(`ban.${value}`) }))}
          onChoose={setTerm}
        />
        <span className="hint">{lasts === undefined ? t('ban.ever_hint') : t('ban.until', { when: longMoment(now + lasts, now), name: short })}</span>
      </fieldset>
      <div className="field">
        <label htmlFor="ban-reason">{t('ban.reason')}</label>
        <textarea id="ban-reason" className="input" rows={3} dir="auto" data-autofocus maxLength={MAX_REASON} value={reason} onChange={(event) => setReason(event.target.value)} />
        <span className="hint">{t('ban.reason_hint', { name: short })}</span>
      </div>
      <Problem text={problem} />
    </Dialog>
  );
}
