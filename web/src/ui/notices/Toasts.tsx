// Short words at the foot of the page, some with an undo.
import { t } from '../../view-models/texts';
import { classes } from '../parts/classes';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';

export interface ToastView {
  id: number;
  kind?: 'danger' | 'call' | undefined;
  icon: string;
  text: string;
  action?: { text: string; run: () => void } | undefined;
}

export function Toasts({ toasts, onClose }: { toasts: ToastView[]; onClose: (id: number) => void }) {
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={classes('toast', toast.kind)}>
          <Icon name={toast.icon} />
          <span>{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              className="btn quiet"
              onClick={() => {
                toast.action?.run();
                onClose(toast.id);
              }}
            >
              {toast.action.text}
            </button>
          )}
          <IconButton icon="close" label={t('common.close')} onClick={() => onClose(toast.id)} />
        </div>
      ))}
    </div>
  );
}
