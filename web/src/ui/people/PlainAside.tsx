// The side panel while it has nothing to show yet.
import type { ReactNode } from 'react';
import { t } from '../../view-models/texts';
import { IconButton } from '../parts/IconButton';

export function PlainAside({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  return (
    <aside className="pane-side" aria-label={label} data-region="side">
      <div className="bar side-bar">
        <IconButton icon="close" label={t('common.close')} className="push" onClick={onClose} />
      </div>
      {children}
    </aside>
  );
}
