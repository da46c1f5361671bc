// People: friends and requests on the stage, somebody's card at the side.
import { useEffect, useMemo } from 'react';
import { attempt } from '../../view-models/errors';
import { peopleView } from '../../view-models/people-view';
import { t } from '../../view-models/texts';
import { useDialogs } from '../dialogs/dialog-request';
import { useApp, useClient, useNow } from '../use-model';
import { PeopleScreen } from './PeopleScreen';
import { PersonPanel } from './PersonPanel';

export default function PeopleScreens({ person }: { person: string | undefined }) {
  const app = useApp();
  const client = useClient();
  const open = useDialogs();
  const now = useNow();
  const people = useMemo(() => peopleView(client, now), [client, client.changes.version, now]);
  const ids = client.friends.map((friend) => friend.user.id).join();
  useEffect(() => {
    client.watch('people', ids === '' ? [] : ids.split(','));
    return () => client.watch('people', []);
  }, [client, ids]);
  const run = (of: string, change: () => Promise<unknown>) =>
    void attempt(change).then((problem) => {
      if (problem) app.toast({ icon: 'alert', kind: 'danger', text: problem });
      return client.refresh(of);
    });
  return (
    <>
      <PeopleScreen
        people={people}
        selected={person?.startsWith('@') ? client.people.byHandle(person.slice(1))?.id : person}
        onBack={() => app.go({ at: 'rooms' })}
        onFind={() => open({ kind: 'add_friend' })}
        onOpen={(id) => app.go({ at: 'people', person: id })}
        onMessage={(id) => void app.openDirect(id)}
        onAccept={(id) => run('friends', () => client.api.befriend(id))}
        onDecline={(id) => run('friends', () => client.api.unfriend(id))}
        onUnblock={(id) => run('blocks', () => client.api.unblock(id))}
        menuOf={({ id, name }) => [
          { icon: 'person', text: t('member.profile'), run: () => app.go({ at: 'people', person: id }) },
          { icon: 'thread', text: t('people.message'), run: () => void app.openDirect(id) },
          { icon: 'leave', text: t('people.unfriend'), danger: true, line: true, run: () => run('friends', () => client.api.unfriend(id)) },
          { icon: 'ban', text: t('profile.block', { name }), danger: true, run: () => run('blocks', () => client.api.block(id)) },
        ]}
      />
      {person !== undefined && <PersonPanel key={person} person={person} onClose={() => app.go({ at: 'people' })} />}
    </>
  );
}
