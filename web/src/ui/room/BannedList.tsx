import type { Room } from '../../client/room';
import { attempt } from '../../view-models/errors';
import { longMoment } from '../../view-models/dates';
import { formatNumber, t } from '../../view-models/texts';
import { Face } from '../parts/Face';
import { useApp, useClient, useNow } from '../use-model';

/** Below the members, for moderators: who is banned, until when, and the way back. */
export function BannedList({ room }: { room: Room }) {
  const app = useApp();
  const client = useClient();
  const now = useNow();
  const bans = room.bans ?? [];
  if (bans.length === 0) return null;
  const lift = (user: string) =>
    void attempt(() => client.api.unban(room.id, user, app.ports.platform.nonce())).then((problem) => {
      if (problem) app.toast({ icon: 'alert', kind: 'danger', text: problem });
      void client.loadBans(room);
    });
  return (
    <>
      <h3 className="section-head">
        {t('room.banned_head')} <span className="push num">{formatNumber(bans.length)}</span>
      </h3>
      <ul className="rooms">
        {bans.map(({ user, until }) => (
          <li key={user.id} className="member">
            <Face face={{ id: user.id, name: user.name }} size="m" />
            <span className="who">
              <span className="cut"><bdi>{user.name}</bdi></span>
              <span className="small cut">{until === undefined ? t('banned.for_good') : `${t('banned.until')} ${longMoment(until, now)}`}</span>
            </span>
            <button type="button" className="link-btn small" onClick={() => lift(user.id)}>
              {t('room.unban')}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
