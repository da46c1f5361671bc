// Somebody's card: who they are, what one can do, what you have in common.
import { shortName } from '../../view-models/names';
import { t } from '../../view-models/texts';
import type { ProfileView } from '../../view-models/people-view';
import { Face, Presence } from '../parts/Face';
import { closeOnEscape } from '../parts/close-on-escape';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Tile } from '../parts/Tile';

interface Props {
  profile: ProfileView;
  onClose: () => void;
  onMessage: () => void;
  onFriend: () => void;
  onBlock: () => void;
  onRoom: (id: string) => void;
}

export function ProfilePanel({ profile, onClose, onMessage, onFriend, onBlock, onRoom }: Props) {
  const self = profile.friendship === 'self';
  const short = shortName(profile.name);
  return (
    <aside className="pane-side" aria-label={t('profile.label')} data-region="side" onKeyDown={closeOnEscape(onClose)}>
      <div className="bar side-bar">
        <IconButton icon="close" label={t('common.close')} className="push" onClick={onClose} />
      </div>
      <div className="scroll">
        <div className="profile">
          <Face face={profile} size="xl" />
          <h1>
            <bdi>{profile.name}</bdi>
          </h1>
          <p className="muted">@{profile.username}</p>
          {profile.status !== '' && (
            <p className="small" dir="auto">
              {profile.status}
            </p>
          )}
        </div>
        {!self && (
          <div className="profile-actions two">
            <button type="button" className="btn primary" disabled={profile.blocked} onClick={onMessage}>
              <Icon name="thread" />
              {t('people.message')}
            </button>
            <FriendButton profile={profile} onFriend={onFriend} />
          </div>
        )}
        <Facts profile={profile} />
        {profile.rooms.length > 0 && (
          <div className="facts rooms-in-common">
            <span className="muted">{t('profile.rooms')}</span>
            {profile.rooms.map((room) => (
              <button key={room.id} type="button" className="member" onClick={() => onRoom(room.id)}>
                <Tile id={room.id} size="m" />
                <span className="who cut"><bdi>{room.name}</bdi></span>
              </button>
            ))}
          </div>
        )}
        {!self && (
          <div className="facts last-facts">
            <button type="button" className="menu-item danger" onClick={onBlock}>
              <Icon name="ban" />
              {profile.blocked ? t('profile.unblock', { name: short }) : t('profile.block', { name: short })}
            </button>
          </div>
        )}
      </div>
    </aside>
  );
}

function Facts({ profile }: { profile: ProfileView }) {
  return (
    <dl className="facts">
      <div>
        <dt>{t('profile.presence')}</dt>
        <dd className="with-dot">
          {profile.presence && <Presence kind={profile.presence} still />}
          {profile.presenceText}
        </dd>
      </div>
      {profile.role && (
        <div>
          <dt>{t('profile.role')}</dt>
          <dd>{t('profile.role_in', { role: t(`role.${profile.role.kind}`), room: profile.role.room })}</dd>
        </div>
      )}
      {profile.joined && (
        <div>
          <dt>{t('profile.joined')}</dt>
          <dd>{profile.joined}</dd>
        </div>
      )}
    </dl>
  );
}

function FriendButton({ profile, onFriend }: { profile: ProfileView; onFriend: () => void }) {
  const texts = { none: t('people.add'), asked: t('people.asked'), asks: t('people.accept'), friend: t('people.unfriend'), self: '' };
  return (
    <button type="button" className="btn" disabled={profile.blocked} onClick={onFriend}>
      <Icon name={profile.friendship === 'friend' ? 'person' : profile.friendship === 'asked' ? 'clock' : 'addperson'} />
      {texts[profile.friendship]}
    </button>
  );
}
