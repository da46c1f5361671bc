// Settings: the parts at the start edge, the chosen one on the stage. Saved as one chooses.
import type { ReactNode } from 'react';
import { t } from '../../view-models/texts';
import type { FaceView } from '../../view-models/views';
import { Face } from '../parts/Face';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';


import { settingsParts, type SettingsPart } from '../../view-models/route';

const icons: Record<SettingsPart, string> = { profile: 'person', privacy: 'lock', appearance: 'sun', devices: 'laptop', password: 'key' };

interface NavProps {
  part: SettingsPart | undefined;
  me: FaceView & { username: string };
  isAdmin: boolean;
  onBack: () => void;
  onPart: (part: SettingsPart) => void;
  onAdmin: () => void;
  onKeys: () => void;
  onSignOut: () => void;
}

export function SettingsNav({ part, me, isAdmin, onBack, onPart, onAdmin, onKeys, onSignOut }: NavProps) {
  return (
    <nav className="pane-list" aria-label={t('nav.settings')} data-region="list">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back')} className="nav-back" onClick={onBack} />
        <h1 className="bar-name">{t('nav.settings')}</h1>
      </header>
      <div className="scroll nav-items">
        {settingsParts.map((id) => (
          <a
            key={id}
            className="nav-item"
            href={`/settings/${id}`}
            aria-current={id === part ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault();
              onPart(id);
            }}
          >
            <Icon name={icons[id]} />
            {t(`settings.${id}`)}
          </a>
        ))}
        <button type="button" className="nav-item" onClick={onKeys}>
          <Icon name="list" />
          {t('settings.keys')}
        </button>
        {isAdmin && (
          <a
            className="nav-item"
            href="/admin/limits"
            onClick={(event) => {
              event.preventDefault();
              onAdmin();
            }}
          >
            <Icon name="shield" />
            {t('nav.admin')}
          </a>
        )}
      </div>
      <footer className="me">
        <Face face={{ id: me.id, name: me.name }} size="m" />
        <span className="who">
          <b className="cut">
            <bdi>{me.name}</bdi>
          </b>
          <span className="small muted cut">@{me.username}</span>
        </span>
        <IconButton icon="leave" label={t('settings.sign_out')} onClick={onSignOut} />
      </footer>
    </nav>
  );
}

export function SettingsStage({ title, note, onBack, children }: { title: string; note?: string; onBack: () => void; children: ReactNode }) {
  return (
    <main className="stage" data-region="stage">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back_plain')} className="back" onClick={onBack} />
        <div className="bar-title">
          <h1>{title}</h1>
        </div>
        {note && <span className="small faint bar-note">{note}</span>}
      </header>
      <div className="scroll">
        <div className="page">{children}</div>
      </div>
    </main>
  );
}
