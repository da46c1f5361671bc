// A small picker: arrows move, Enter takes, Esc leaves. Emoji are what people write and react with, never icons.
import { useEffect, useRef } from 'react';
import { createPortal } from 'react-dom';
import { t } from '../../view-models/texts';

const COLUMNS = 8;
const emoji = (
  '👍 ❤️ 😂 😮 😢 🙏 🎉 ☕ 👀 🔥 ✅ ❌ 👏 🤔 😅 😍 ' +
  '🙂 😉 😎 🥳 😴 🤯 😬 🙄 😭 😡 🤝 💪 👋 🤷 🙌 ✨ ' +
  '🔧 🐛 🚀 💡 📌 📝 ⏰ 🌱 🍞 🍷 🥘 🎵 🎬 🚲 🏠 🌧️ ☀️ 🌙'
).split(' ');

interface Props {
  anchor: DOMRect;
  onChoose: (emoji: string) => void;
  onClose: () => void;
}

export default function EmojiPicker({ anchor, onChoose, onClose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.querySelector('button')?.focus();
    const outside = (event: MouseEvent) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('mousedown', outside);
    return () => {
      document.removeEventListener('mousedown', outside);
      if (before instanceof HTMLElement && before.isConnected && document.activeElement === document.body) before.focus();
    };
  }, [onClose]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const stops = [...(box.current?.querySelectorAll('button') ?? [])];
      const at = stops.indexOf(document.activeElement as HTMLButtonElement);
      stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  };
  const below = anchor.bottom + 300 < window.innerHeight;
  const left = Math.max(8, Math.min(anchor.right - 300, window.innerWidth - 316));
  return createPortal(
    <div
      ref={box}
      className="menu floating emoji-grid"
      role="dialog"
      aria-label={t('emoji.title')}
      style={{ left, ...(below ? { top: anchor.bottom + 4 } : { bottom: window.innerHeight - anchor.top + 4 }) }}
      onKeyDown={onKeyDown}
    >
      {emoji.map((one) => (
        <button
          key={one}
          type="button"
          className="icon-btn"
          aria-label={one}
          onClick={() => {
            onClose();
            onChoose(one);
          }}
        >
          {one}
        </button>
      ))}
    </div>,
    document.body,
  );
}
