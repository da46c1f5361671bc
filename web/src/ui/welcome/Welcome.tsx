// Which form stands before the first room: a name alone where a link brought one here, name and password else.
import { bounds } from '../../protocol/limits';
import { t } from '../../view-models/texts';
import { Icon } from '../parts/Icon';
import { Note } from '../parts/Note';
import { Rich } from '../parts/Rich';
import { useApp } from '../use-model';
import { NameForm } from './NameForm';
import { SignForm } from './SignForm';
import { WelcomePage } from './WelcomePage';

export function Welcome() {
  const app = useApp();
  const { phase } = app;
  switch (phase.at) {
    case 'first_name':
      return (
        <WelcomePage title={t('welcome.title')} text={t('welcome.admin')}>
          <NameForm
            button={t('welcome.open_first')}
            maxName={bounds.name}
            onName={app.nameFirst}
            note={
              <Note icon="key">
                <Rich id="welcome.admin_note" with={{ host: <b>{new URL(app.ports.server).hostname}</b>, role: <b>{t('welcome.administrator')}</b> }} />
              </Note>
            }
          />
        </WelcomePage>
      );
    case 'invited':
      return (
        <WelcomePage title={t('welcome.invite_title')} text={<Rich id="welcome.invite" with={{ room: <b>{phase.invite.room.name}</b> }} />}>
          <NameForm button={t('welcome.enter')} maxName={bounds.name} onName={app.enterInvited} />
        </WelcomePage>
      );
    case 'sign':
      return (
        <WelcomePage title={t('welcome.title')} text={t(`welcome.${phase.mode}_text`)}>
          {phase.note && (
            <Note icon="info" kind="call">
              {phase.note}
            </Note>
          )}
          <SignForm
            key={phase.mode}
            mode={phase.mode}
            maxName={bounds.name}
            minPassword={bounds.passwordMin}
            onOther={() => app.choose(phase.mode === 'sign_up' ? 'log_in' : 'sign_up')}
            onSubmit={({ name, username, password }) => (phase.mode === 'sign_up' ? app.signUp(name, username, password) : app.logIn(username, password))}
          />
        </WelcomePage>
      );
    default:
      return (
        <div className="starting" role="status">
          <Icon name="refresh" />
          <span className="sr">{t('welcome.signing_in')}</span>
        </div>
      );
  }
}
