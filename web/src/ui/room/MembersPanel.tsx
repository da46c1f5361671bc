// The side panel of a room: who is at the table, who is elsewhere, and what one may do with each.
import { useRef, useState } from 'react';
import { formatNumber, t } from '../../view-models/texts';
import type { MembersView, MemberView } from '../../view-models/views';
import { Bones } from '../parts/Bones';
import { closeOnEscape } from '../parts/close-on-escape';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Menu, type MenuEntry } from '../parts/Menu';
import { moveFocus } from '../parts/move-focus';
import { MemberRow } from './MemberRow';

interface Props {
  members: MembersView;
  menuOf: (member: MemberView) => MenuEntry[];
  canInvite: boolean;
  banned?: React.ReactNode;
  hasMore: boolean;
  onMore: () => void;
  onInvite: () => void;
  onAdd: () => void;
  onClose: () => void;
}

export function MembersPanel({ members, menuOf, canInvite, banned, hasMore, onMore, onInvite, onAdd, onClose }: Props) {
  const [menu, setMenu] = useState<{ member: MemberView; anchor: DOMRect }>();
  const box = useRef<HTMLDivElement>(null);
  const row = (member: MemberView, index: number) => <MemberRow key={member.id} member={member} tabStop={index === 0} onMenu={(anchor) => setMenu({ member, anchor })} />;
  return (
    <aside className="pane-side" aria-label={t('room.members_and_details')} data-region="side" onKeyDown={closeOnEscape(onClose)}>
      <div className="bar">
        <h2 className="grow">{t('room.members')}</h2>
        {canInvite && <IconButton icon="plus" label={t('room.add_people')} onClick={onAdd} />}
        <IconButton icon="close" label={t('common.close')} className="side-close" onClick={onClose} />
      </div>
      <div ref={box} className="scroll" onKeyDown={(event) => moveFocus(event, box.current, '.member')}>
        {members.loading && members.total === 0 && <Bones rows={5} />}
        <Section title={t('room.at_the_table_head')} members={members.here} row={row} />
        <Section title={t('room.elsewhere_head')} members={members.elsewhere} row={row} total={members.total - members.here.length} />
        {hasMore && (
          <button type="button" className="btn quiet wide" onClick={onMore}>
            {t('room.load_more_members')}
          </button>
        )}
        {banned}
      </div>
      {canInvite && (
        <div className="side-foot">
          <button type="button" className="btn wide" onClick={onInvite}>
            <Icon name="addperson" />
            {t('room.invite')}
          </button>
        </div>
      )}
      {menu && <Menu anchor={menu.anchor} label={t('member.menu', { name: menu.member.name })} head={menu.member.name} entries={menuOf(menu.member)} onClose={() => setMenu(undefined)} />}
    </aside>
  );
}

interface SectionProps {
  title: string;
  members: MemberView[];
  total?: number;
  row: (member: MemberView, index: number) => React.ReactElement;
}

function Section({ title, members, total, row }: SectionProps) {
  if (members.length === 0) return null;
  return (
    <>
      <h3 className="section-head">
        {title} <span className="push num">{formatNumber(total ?? members.length)}</span>
      </h3>
      <ul className="rooms">
        {members.map((member, index) => (
          <li key={member.id}>{row(member, index)}</li>
        ))}
      </ul>
    </>
  );
}
