// How this device shows things.
import { useRef } from 'react';
import { languages, t, type Language } from '../../view-models/texts';
import type { Appearance, TextSize, Theme } from '../../view-models/appearance';
import { moveFocus } from '../parts/move-focus';
import { Segments } from '../parts/Segments';
import { SwitchRow } from '../parts/SwitchRow';
import { ThemePick } from './ThemePick';

interface Props {
  appearance: Appearance;
  systemReducesMotion: boolean;
  onChange: (change: Partial<Appearance>) => void;
}

const themes: Theme[] = ['system', 'light', 'dark'];

export function AppearancePart({ appearance, systemReducesMotion, onChange }: Props) {
  const picks = useRef<HTMLDivElement>(null);
  return (
    <>
      <section className="block">
        <header>
          <h2>{t('settings.theme')}</h2>
          <span className="small">{t('settings.theme_hint')}</span>
        </header>
        <div
          ref={picks}
          className="theme-picks"
          role="radiogroup"
          aria-label={t('settings.theme')}
          onKeyDown={(event) => moveFocus(event, picks.current, '[role="radio"]') && (document.activeElement as HTMLElement).click()}
        >
          {themes.map((theme) => (
            <ThemePick key={theme} theme={theme} chosen={appearance.theme === theme} onChoose={() => onChange({ theme })} />
          ))}
        </div>
      </section>
      <section className="card rows">
        <div className="row">
          <span className="what">
            <span className="label">{t('settings.text_size')}</span>
            <span className="small wide-only">{t('settings.text_size_hint')}</span>
          </span>
          <Segments<TextSize>
            label={t('settings.text_size')}
            value={appearance.textSize}
            options={(['small', 'regular', 'large'] as const).map((value) => ({ value, text: <span className={`size-${value}`}>{t(`settings.${value}`)}</span> }))}
            onChoose={(textSize) => onChange({ textSize })}
          />
        </div>
        <SwitchRow
          title={t('settings.motion')}
          hint={systemReducesMotion ? t('settings.motion_system') : t('settings.motion_hint')}
          on={systemReducesMotion || appearance.reduceMotion}
          disabled={systemReducesMotion}
          onChange={(reduceMotion) => onChange({ reduceMotion })}
        />
        <SwitchRow title={t('settings.times')} hint={t('settings.times_hint')} on={appearance.alwaysTimes} onChange={(alwaysTimes) => onChange({ alwaysTimes })} />
        <div className="row">
          <span className="what">
            <span className="label">{t('settings.language')}</span>
          </span>
          <select className="input language" aria-label={t('settings.language')} value={appearance.language} onChange={(event) => onChange({ language: event.target.value as Language })}>
            {languages.map(({ id, name }) => (
              <option key={id} value={id} lang={id}>
                {name}
              </option>
            ))}
          </select>
        </div>
      </section>
    </>
  );
}
