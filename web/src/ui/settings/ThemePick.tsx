// One theme to choose.
import { t } from '../../view-models/texts';
import type { Theme } from '../../view-models/appearance';

interface Props {
  theme: Theme;
  chosen: boolean;
  onChoose: () => void;
}

/** A theme as a small picture of itself. */
export function ThemePick({ theme, chosen, onChoose }: Props) {
  const halves: ('light' | 'dark')[] = theme === 'system' ? ['light', 'dark'] : [theme];
  return (
    <button type="button" className="theme-pick" role="radio" aria-checked={chosen} tabIndex={chosen ? 0 : -1} onClick={onChoose}>
      <span className="mini">
        {halves.map((scheme) => (
          <span key={scheme} style={{ colorScheme: scheme }}>
            <span className="l">
              <Bar w="60%" />
              <Bar w="90%" kind="s" />
              <Bar w="75%" />
            </span>
            <span className="r">
              <Bar w="82%" />
              <Bar w="60%" />
              <Bar w="72%" kind="o" />
            </span>
          </span>
        ))}
      </span>
      <span className="cap">
        <span className="dot-pick" />
        {t(`settings.${theme}`)}
      </span>
    </button>
  );
}

const Bar = ({ w, kind }: { w: string; kind?: string }) => <i className={kind} style={{ '--w': w } as React.CSSProperties} />;
