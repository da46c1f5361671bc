import type { Room } from '../../client/room';
import { durationText, longMoment } from '../../view-models/dates';
import { nameOf } from '../../view-models/names';
import { t } from '../../view-models/texts';
import { useClient, useNow } from '../use-model';
import { BannedNotice } from './BannedNotice';
import { PlainNotice } from './PlainNotice';

/** A room one is not in: banned, removed, left, deleted, or never there. */
export function GoneNotice({ room, onBack }: { room: Room | undefined; onBack: () => void }) {
  const now = useNow();
  const client = useClient();
  const name = room?.info?.name ?? '';
  const gone = room?.gone;
  if (!room || !gone) return <PlainNotice name="" icon="info" title={t('missing.title')} text={t('missing.text')} onBack={onBack} />;
  switch (gone.why) {
    case 'banned':
      return (
        <BannedNotice
          ban={{
            room: { id: room.id, name },
            reason: gone.reason ?? '',
            until: gone.until === undefined ? '' : longMoment(gone.until, now),
            duration: gone.until === undefined ? '' : durationText(gone.until - now),
            by: gone.by === undefined ? '' : nameOf(client, gone.by),
          }}
          onBack={onBack}
        />
      );
    case 'removed':
      return <PlainNotice name={name} icon="leave" title={t('removed.title', { room: name })} text={gone.reason ? `${t('removed.text')} ${t('banned.reason')}: ${gone.reason}` : t('removed.text')} onBack={onBack} />;
    case 'deleted':
      return <PlainNotice name={name} icon="trash" title={t('deleted.title', { room: name })} text={t('deleted.text')} onBack={onBack} />;
    case 'left':
      return <PlainNotice name={name} icon="leave" title={t('left.title', { room: name })} text="" onBack={onBack} />;
  }
}
