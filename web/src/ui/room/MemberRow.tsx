// One member in the side panel.
import { t } from '../../view-models/texts';
import type { MemberView } from '../../view-models/views';
import { Face } from '../parts/Face';

interface Props {
  member: MemberView;
  tabStop: boolean;
  onMenu: (anchor: DOMRect) => void;
}

export function MemberRow({ member, tabStop, onMenu }: Props) {
  return (
    <button type="button" className="member" aria-haspopup="menu" tabIndex={tabStop ? 0 : -1} data-person={member.id} onClick={(event) => onMenu(event.currentTarget.getBoundingClientRect())}>
      <Face face={member} size="m" />
      <span className="who">
        <span className="cut"><bdi>{member.name}</bdi></span>
        {(member.you || member.note) && <span className="small cut">{member.you ? t('common.you') : member.note}</span>}
      </span>
      {member.role !== 'member' && <span className={member.role === 'owner' ? 'badge owner' : 'badge'}>{t(`role.${member.role}`)}</span>}
    </button>
  );
}
