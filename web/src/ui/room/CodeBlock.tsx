// Code in a message, coloured and with a button to copy it.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import { copyText } from '../parts/CopyLine';
import { IconButton } from '../parts/IconButton';
import { colourCode } from './colour-code';

export function CodeBlock({ language, text }: { language: string; text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="code">
      <header>
        <span>{language}</span>
        <IconButton icon={copied ? 'check' : 'copy'} label={copied ? t('common.copied') : t('message.copy_code')} onClick={() => void copyText(text).then(() => setCopied(true))} />
      </header>
      <pre tabIndex={0}>
        <code>
          {colourCode(text).map((part, index) =>
            part.kind === '' ? part.text : (
              <span key={index} className={`tok-${part.kind}`}>
                {part.text}
              </span>
            ),
          )}
        </code>
      </pre>
    </div>
  );
}
