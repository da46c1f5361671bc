// A question before what cannot be undone.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import { Dialog } from '../parts/Dialog';
import { Problem } from '../parts/Problem';

interface Props {
  title: string;
  text: string;
  action: string;
  reasonLabel?: string;
  reasonHint?: string;
  onConfirm: (reason: string) => Promise<string | undefined>;
  onClose: () => void;
}

/** Before what cannot be undone. Its button says what it does. */
export function ConfirmDialog({ title, text, action, reasonLabel, reasonHint, onConfirm, onClose }: Props) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<string>();
  const confirm = async () => {
    const failed = await onConfirm(reason.trim());
    if (failed === undefined) onClose();
    else setProblem(failed);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <button type="button" className="btn" data-autofocus={reasonLabel ? undefined : true} onClick={onClose}>
            {t('common.cancel')}
          </button>
          <button type="button" className="btn danger" onClick={() => void confirm()}>
            {action}
          </button>
        </>
      }
    >
      {text !== '' && <p className="muted">{text}</p>}
      {reasonLabel && (
        <div className="field">
          <label htmlFor="confirm-reason">{reasonLabel}</label>
          <textarea id="confirm-reason" className="input" rows={2} dir="auto" data-autofocus maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
          {reasonHint && <span className="hint">{reasonHint}</span>}
        </div>
      )}
      <Problem text={problem} />
    </Dialog>
  );
}
