// A room with nobody else in it, and what to do about that.
import { t } from '../../view-models/texts';
import { Icon } from '../parts/Icon';
import { MissingTile } from '../parts/MissingTile';

interface Props {
  hasPassword: boolean;
  onInvite: () => void;
  onFind: () => void;
  onPassword: () => void;
}

/** A room with nobody else and nothing said: what to do next, with the buttons for it. */
export function EmptyRoom({ hasPassword, onInvite, onFind, onPassword }: Props) {
  return (
    <div className="scroll centred-scroll">
      <div className="empty wide">
        <MissingTile />
        <h1>{t('room.empty_title')}</h1>
        <p>{t('room.empty_text')}</p>
        <div className="steps">
          <Step icon="qr" title={t('room.empty_invite')} text={t('room.empty_invite_text')} button={t('room.empty_show_link')} primary onClick={onInvite} />
          <Step icon="people" title={t('room.empty_people')} text={t('room.empty_people_text')} button={t('room.empty_find')} onClick={onFind} />
          {!hasPassword && <Step icon="key" title={t('room.empty_secure')} text={t('room.empty_secure_text')} button={t('room.empty_password')} onClick={onPassword} />}
        </div>
      </div>
    </div>
  );
}

interface StepProps {
  icon: string;
  title: string;
  text: string;
  button: string;
  primary?: boolean;
  onClick: () => void;
}

function Step({ icon, title, text, button, primary, onClick }: StepProps) {
  return (
    <div className="card step">
      <Icon name={icon} />
      <h2>{title}</h2>
      <p className="small">{text}</p>
      <button type="button" className={primary ? 'btn primary btn-s' : 'btn btn-s'} onClick={onClick}>
        {button}
      </button>
    </div>
  );
}
