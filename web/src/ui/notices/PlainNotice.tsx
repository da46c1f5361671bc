// A stage that only says something.
import { t } from '../../view-models/texts';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';

interface Props {
  name: string;
  icon: string;
  title: string;
  text: string;
  onBack: () => void;
}

/** A stage that only says something: a room that is gone, was left, or was never there. */
export function PlainNotice({ name, icon, title, text, onBack }: Props) {
  return (
    <main className="stage" data-region="stage">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back')} className="back" onClick={onBack} />
        <div className="bar-title">
          <h1 className="cut">{name}</h1>
        </div>
      </header>
      <div className="notice-page">
        <div className="notice" role="alert" data-notice={icon}>
          <div className="notice-head">
            <span className="tile l t7">
              <Icon name={icon} />
            </span>
            <h1>{title}</h1>
          </div>
          {text !== '' && <p className="muted">{text}</p>}
          <div className="notice-actions">
            <button type="button" className="btn primary" onClick={onBack}>
              {t('banned.back')}
            </button>
          </div>
        </div>
      </div>
    </main>
  );
}
