// A modal: focus goes in, stays in, and comes back; Esc and the ground close it.
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { t } from '../../view-models/texts';
import { IconButton } from './IconButton';

interface Props {
  title: string;
  subtitle?: ReactNode;
  lead?: ReactNode;
  footer?: ReactNode;
  narrow?: boolean;
  centred?: boolean;
  onClose: () => void;
  children: ReactNode;
}

const focusable = 'button:not([disabled]), input, textarea, select, a[href], [tabindex]:not([tabindex="-1"])';

export function Dialog({ title, subtitle, lead, footer, narrow, centred, onClose, children }: Props) {
  const id = useId();
  const box = useRef<HTMLElement>(null);
  useEscape(onClose);
  useEffect(() => {
    const before = document.activeElement;
    const first = box.current?.querySelector<HTMLElement>('[data-autofocus]') ?? box.current?.querySelector<HTMLElement>('.body input, .body textarea, .body button, footer button');
    (first ?? box.current)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return createPortal(
    <div className="scrim" onMouseDown={(event) => event.target === event.currentTarget && onClose()}>
      <section
        ref={box}
        className={narrow ? 'dialog narrow' : 'dialog'}
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
        onKeyDown={(event) => event.key === 'Tab' && keepInside(event, box.current)}
      >
        <header>
          {lead}
          <div className="grow">
            <h1 id={id}>{title}</h1>
            {subtitle && <p className="small muted">{subtitle}</p>}
          </div>
          <IconButton icon="close" label={t('common.close')} onClick={onClose} />
        </header>
        <div className={centred ? 'body centred' : 'body'}>{children}</div>
        {footer && <footer>{footer}</footer>}
      </section>
    </div>,
    document.body,
  );
}

/** Also when what had the focus is gone, as a button is that has done its work. */
function useEscape(onClose: () => void): void {
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      close.current();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function keepInside(event: React.KeyboardEvent, box: HTMLElement | null) {
  const stops = [...(box?.querySelectorAll<HTMLElement>(focusable) ?? [])].filter((stop) => stop.offsetParent !== null);
  const first = stops[0];
  const last = stops[stops.length - 1];
  if (!first || !last) return;
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}
