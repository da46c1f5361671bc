// A menu under its button: arrows move, Esc and a click elsewhere close it, focus comes back.
import { useEffect, useRef, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { classes } from './classes';
import { Icon } from './Icon';
import { moveFocus } from './move-focus';

export interface MenuEntry {
  icon?: string;
  text: string;
  end?: string;
  danger?: boolean;
  line?: boolean;
  run: () => void;
}

interface Props {
  anchor: DOMRect;
  head?: ReactNode;
  label: string;
  entries: MenuEntry[];
  onClose: () => void;
}

export function Menu({ anchor, head, label, entries, onClose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const outside = (event: MouseEvent) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('mousedown', outside);
    return () => {
      document.removeEventListener('mousedown', outside);
      if (before instanceof HTMLElement && before.isConnected && (document.activeElement === document.body || !document.activeElement)) before.focus();
    };
  }, [onClose]);
  return createPortal(
    <div
      ref={box}
      className="menu floating"
      role="menu"
      aria-label={label}
      style={placeBeside(anchor, entries.length)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' || event.key === 'Tab') {
          event.preventDefault();
          event.stopPropagation();
          onClose();
        } else moveFocus(event, box.current, '[role="menuitem"]');
      }}
    >
      {head && <div className="menu-head">{head}</div>}
      {entries.map((entry) => (
        <div key={entry.text} role="none">
          {entry.line && <hr />}
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={classes('menu-item', entry.danger && 'danger')}
            onClick={() => {
              onClose();
              entry.run();
            }}
          >
            {entry.icon && <Icon name={entry.icon} />}
            {entry.text}
            {entry.end && <span className="end">{entry.end}</span>}
          </button>
        </div>
      ))}
    </div>,
    document.body,
  );
}

/** Below the anchor at its end edge, above it where there is no room. */
function placeBeside(anchor: DOMRect, entries: number): React.CSSProperties {
  const rtl = document.documentElement.dir === 'rtl';
  const height = entries * 44 + 40;
  const below = anchor.bottom + height < window.innerHeight || anchor.top < height;
  const inline = rtl ? { left: Math.max(8, anchor.left) } : { right: Math.max(8, window.innerWidth - anchor.right) };
  return below ? { ...inline, top: anchor.bottom + 4 } : { ...inline, bottom: window.innerHeight - anchor.top + 4 };
}
