// A link and its QR code: whoever opens it types a name and lands in the room.
import { useCallback, useEffect, useState } from 'react';
import { t } from '../../view-models/texts';
import { CopyLine } from '../parts/CopyLine';
import { Dialog } from '../parts/Dialog';
import { Icon } from '../parts/Icon';
import { Note } from '../parts/Note';
import { Problem } from '../parts/Problem';
import { QrCode } from '../parts/QrCode';

const DAY_MS = 86_400_000;

export interface InviteTerms {
  lastsMs: number | undefined;
  uses: number | undefined;
}

interface Props {
  roomName: string;
  /** Makes a link; gives the address, or what went wrong. */
  makeLink: (terms: InviteTerms) => Promise<{ url: string } | { problem: string }>;
  onClose: () => void;
}

const lasting: [string, number | undefined, 'invite.hour' | 'invite.day' | 'invite.week' | 'invite.ever'][] = [
  ['hour', DAY_MS / 24, 'invite.hour'],
  ['day', DAY_MS, 'invite.day'],
  ['week', 7 * DAY_MS, 'invite.week'],
  ['ever', undefined, 'invite.ever'],
];
const uses = [1, 5, 25, 100];

export function InviteDialog({ roomName, makeLink, onClose }: Props) {
  const [term, setTerm] = useState('week');
  const [people, setPeople] = useState(25);
  const [url, setUrl] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const make = useCallback(() => {
    setUrl(undefined);
    const lastsMs = lasting.find(([id]) => id === term)?.[1];
    void makeLink({ lastsMs, uses: people === 0 ? undefined : people }).then((made) => {
      if ('url' in made) setUrl(made.url);
      setProblem('problem' in made ? made.problem : undefined);
    });
  }, [makeLink, term, people]);
  useEffect(make, [make]);
  return (
    <Dialog
      title={t('invite.title', { room: roomName })}
      narrow
      centred
      onClose={onClose}
      footer={
        <>
          <button type="button" className="btn quiet at-start" onClick={make}>
            {t('invite.new')}
          </button>
          <button type="button" className="btn" disabled={!url} onClick={() => window.print()}>
            <Icon name="qr" />
            {t('invite.print')}
          </button>
        </>
      }
    >
      <p className="muted balanced">{t('invite.text')}</p>
      {url ? <QrCode text={url} label={t('invite.qr')} /> : <div className="qr" aria-busy="true" />}
      <Problem text={problem} />
      <CopyLine text={url ?? ''} shown={(url ?? '').replace(/^https?:\/\//, '')} label={t('invite.copy')} />
      <div className="two-fields">
        <label className="field">
          <span className="label">{t('invite.lasts')}</span>
          <select className="input" value={term} onChange={(event) => setTerm(event.target.value)}>
            {lasting.map(([id, , text]) => (
              <option key={id} value={id}>
                {t(text)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span className="label">{t('invite.for')}</span>
          <select className="input" value={people} onChange={(event) => setPeople(Number(event.target.value))}>
            {uses.map((n) => (
              <option key={n} value={n}>
                {t('invite.people', { n })}
              </option>
            ))}
            <option value={0}>{t('invite.anybody')}</option>
          </select>
        </label>
      </div>
      <AddressNote url={url} />
    </Dialog>
  );
}

/** Says what the address cannot do: reach this computer from a phone, or use a phone's camera. */
function AddressNote({ url }: { url: string | undefined }) {
  if (!url?.startsWith('http:')) return null;
  const local = /^http:\/\/(localhost|127\.|\[::1\])/.test(url);
  return (
    <Note icon="info">
      {local ? t('invite.local') : t('invite.http')}
    </Note>
  );
}
