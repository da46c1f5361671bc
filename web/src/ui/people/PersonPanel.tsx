// Somebody's card with the client behind it.
import { useEffect, useState } from 'react';
import type { Profile } from '../../protocol/rest';
import { attempt } from '../../view-models/errors';
import { profileView } from '../../view-models/people-view';
import { t } from '../../view-models/texts';
import { Bones } from '../parts/Bones';
import { PlainAside } from './PlainAside';
import { useApp, useClient, useNow } from '../use-model';
import { ProfilePanel } from './ProfilePanel';

interface Props {
  /** An id, or @ and a user name. */
  person: string;
  onClose: () => void;
}

export function PersonPanel({ person, onClose }: Props) {
  const app = useApp();
  const client = useClient();
  const now = useNow();
  const [profile, setProfile] = useState<Profile>();
  const [problem, setProblem] = useState<string>();
  const { friends, blocks } = client;
  useEffect(() => {
    let current = true;
    const fetching = person.startsWith('@') ? client.api.userByHandle(person.slice(1)) : client.api.profile(person);
    void attempt(async () => {
      const fetched = await fetching;
      if (!current) return;
      client.people.learn(fetched);
      setProfile(fetched);
    }).then((failed) => current && setProblem(failed));
    return () => {
      current = false;
    };
  }, [client, person, friends, blocks]);
  useEffect(() => {
    if (profile) client.watch('profile', [profile.id]);
    return () => client.watch('profile', []);
  }, [client, profile]);
  const known = profile ?? client.people.peek(person);
  if (!known) return <PlainAside label={t('profile.label')} onClose={onClose}>{problem ? <p className="muted list-hint">{problem}</p> : <Bones rows={1} />}</PlainAside>;
  const view = profileView(client, known, now);
  const run = (of: string, change: () => Promise<unknown>) =>
    void attempt(change).then((failed) => {
      if (failed) app.toast({ icon: 'alert', kind: 'danger', text: failed });
      return client.refresh(of);
    });
  return (
    <ProfilePanel
      profile={view}
      onClose={onClose}
      onMessage={() => void app.openDirect(view.id)}
      onFriend={() => run('friends', () => (view.friendship === 'none' || view.friendship === 'asks' ? client.api.befriend(view.id) : client.api.unfriend(view.id)))}
      onBlock={() => run('blocks', () => (view.blocked ? client.api.unblock(view.id) : client.api.block(view.id)))}
      onRoom={app.openRoom}
    />
  );
}
