import { useState } from 'react';
import { t } from '../../view-models/texts';
import { Icon } from './Icon';

/** A link to copy, kept left to right. */
export function CopyLine({ text, shown, label }: { text: string; shown: string; label: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="copy">
      <code className="cut">{shown}</code>
      <button
        type="button"
        className="btn primary btn-s"
        onClick={() => void copyText(text).then(() => setCopied(true))}
      >
        <Icon name={copied ? 'check' : 'copy'} small />
        <span aria-live="polite">{copied ? t('common.copied') : label}</span>
      </button>
    </div>
  );
}

/** The clipboard, also on plain http where the browser keeps its API away. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
