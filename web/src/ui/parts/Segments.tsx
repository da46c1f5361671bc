// One of a few, side by side.
import { useRef } from 'react';
import { moveFocus } from './move-focus';

export interface Segment<T> {
  value: T;
  text: React.ReactNode;
}

interface Props<T> {
  label: string;
  value: T;
  options: Segment<T>[];
  wide?: boolean;
  onChoose: (value: T) => void;
}

/** One of a few, side by side: a radio group with one tab stop. */
export function Segments<T extends string | number>({ label, value, options, wide, onChoose }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={box}
      className={wide ? 'segments wide' : 'segments'}
      role="radiogroup"
      aria-label={label}
      onKeyDown={(event) => moveFocus(event, box.current, '[role="radio"]') && (document.activeElement as HTMLElement).click()}
    >
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChoose(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}
