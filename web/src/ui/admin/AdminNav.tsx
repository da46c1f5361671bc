// The parts of the administration, at the start edge.
import { t } from '../../view-models/texts';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';

export function AdminNav({ serverName, version, onBack }: { serverName: string; version: string; onBack: () => void }) {
  return (
    <nav className="pane-list" aria-label={t('nav.admin')} data-region="list">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back')} className="nav-back" onClick={onBack} />
        <h1 className="bar-name">{t('nav.admin')}</h1>
      </header>
      <div className="scroll nav-items">
        <a className="nav-item" href="/admin/limits" aria-current="page" onClick={(event) => event.preventDefault()}>
          <Icon name="sliders" />
          {t('admin.limits')}
        </a>
      </div>
      <footer className="me">
        <span className="who">
          <b>{serverName}</b>
          <span className="small muted">{version}</span>
        </span>
      </footer>
    </nav>
  );
}
