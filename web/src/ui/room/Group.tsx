// Consecutive messages of one author, as an article named by author and time.
import { memo } from 'react';
import { t } from '../../view-models/texts';
import type { GroupView } from '../../view-models/views';
import { Face } from '../parts/Face';
import { Message } from './Message';
import { Readers } from './Readers';
import { useRoomActions } from './room-actions';

export const Group = memo(function Group({ group }: { group: GroupView }) {
  const actions = useRoomActions();
  const readers = group.messages.at(-1)?.readers;
  const who = group.own ? t('common.you') : group.author.name;
  return (
    <article className={group.own ? 'group own' : 'group'} aria-label={t('message.of', { who, when: group.time })}>
      {!group.own && (
        <button type="button" className="face-button" tabIndex={-1} aria-hidden="true" title={t('people.open_profile', { name: group.author.name })} onClick={() => actions.openPerson(group.author.id)}>
          <Face face={group.author} />
        </button>
      )}
      <div className="group-body">
        {!group.own && (
          <header className="group-head">
            <span className="author cut"><bdi>{group.author.name}</bdi></span>
            {group.role && group.role !== 'member' && <span className="role">{t(`role.${group.role}`)}</span>}
            <time title={group.messages[0]?.fullTime}>{group.time}</time>
          </header>
        )}
        {group.messages.map((message) => (
          <Message key={message.key} message={message} own={group.own} author={group.author} />
        ))}
        {readers && readers.length > 0 && <Readers readers={readers} />}
      </div>
    </article>
  );
});
