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
          {app.server?.password_required ? (
            <SignForm mode="sign_up" maxName={bounds.name} minPassword={bounds.passwordMin} onSubmit={({ name, username, password }) => app.enterInvited(name, { handle: username, password })} />
          ) : (
            <NameForm button={t('welcome.enter')} maxName={bounds.name} onName={(name) => app.enterInvited(name).then((problem) => problem?.text)} />
          )}
        </WelcomePage>
      );
    case 'sign':
      return <Sign mode={app.server?.sign_up === 'invite' ? 'log_in' : phase.mode} note={phase.note} />;
    default:
      return (
        <div className="starting" role="status">
          <Icon name="refresh" />
          <span className="sr">{t('welcome.signing_in')}</span>
        </div>
      );
  }
}

function Sign({ mode, note }: { mode: 'sign_up' | 'log_in'; note: string | undefined }) {
  const app = useApp();
  const inviteOnly = app.server?.sign_up === 'invite';
  const words = note ?? (inviteOnly ? t('welcome.invite_only') : undefined);
  return (
    <WelcomePage title={t('welcome.title')} text={t(`welcome.${mode}_text`)}>
      {words && (
        <Note icon="info" kind={note ? 'call' : undefined}>
          {words}
        </Note>
      )}
      <SignForm
        key={mode}
        mode={mode}
        maxName={bounds.name}
        minPassword={bounds.passwordMin}
        onOther={inviteOnly ? undefined : () => app.choose(mode === 'sign_up' ? 'log_in' : 'sign_up')}
        onSubmit={({ name, username, password }) => (mode === 'sign_up' ? app.signUp(name, username, password) : app.logIn(username, password))}
      />
    </WelcomePage>
  );
}
