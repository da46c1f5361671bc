import { memo, useState } from 'react';
import { t } from '../../view-models/texts';
import type { LifeLine, LifeView } from '../../view-models/views';
import { Icon } from '../parts/Icon';
import { Rich } from '../parts/Rich';

/** More changes in a row than this are folded. */
const SHOWN = 2;

export const Life = memo(function Life({ life }: { life: LifeView }) {
  const [open, setOpen] = useState(false);
  const hidden = life.lines.length - SHOWN;
  const lines = open ? life.lines : life.lines.slice(0, SHOWN);
  return (
    <div className="life">
      <Icon name={life.icon} />
      <span>
        {lines.map((line, index) => (
          <span key={line.key}>
            {index > 0 && '. '}
            <Line line={line} />
          </span>
        ))}
        {hidden > 0 && (
          <>
            {'. '}
            <button type="button" className="link-btn small" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? t('room.fewer_changes') : t('room.more_changes', { n: hidden })}
            </button>
          </>
        )}
      </span>
    </div>
  );
});

function Line({ line }: { line: LifeLine }) {
  const names = Object.fromEntries(
    Object.entries(line.names).map(([hole, name]) => [
      hole,
      <b key={hole}>
        <bdi>{name}</bdi>
      </b>,
    ]),
  );
  return <Rich id={line.text} with={names} />;
}
