// The bar over the timeline: where you are, and what one can do with the room.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import type { FaceView } from '../../view-models/views';
import { Face } from '../parts/Face';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Menu, type MenuEntry } from '../parts/Menu';
import { Tile } from '../parts/Tile';

interface Props {
  id: string;
  name: string;
  face?: FaceView | undefined;
  description: string;
  people: string;
  sideOpen: boolean;
  muted: boolean;
  menu: MenuEntry[];
  inviteFirst: boolean;
  onBack: () => void;
  onSide: () => void;
  onMute: () => void;
  onInvite: () => void;
  onFace: () => void;
}

export function RoomBar(props: Props) {
  const [menu, setMenu] = useState<DOMRect>();
  const { face } = props;
  const sideLabel = face ? t('profile.label') : t('room.members');
  return (
    <header className="bar">
      <IconButton icon="back" label={t('nav.back')} className="back" onClick={props.onBack} />
      {face ? <Face face={face} /> : <Tile id={props.id} />}
      <div className="bar-title">
        <h1 className="cut">
          <bdi>{props.name}</bdi>
        </h1>
        <p className="cut">
          {props.description !== '' && (
            <span className="wide-only">
              <bdi>{asSentence(props.description)}</bdi>{' '}
            </span>
          )}
          <bdi>{props.people}</bdi>
        </p>
      </div>
      <div className="bar-tools">
        {props.inviteFirst ? (
          <button type="button" className="btn primary" onClick={props.onInvite}>
            <Icon name="addperson" />
            {t('room.invite_short')}
          </button>
        ) : (
          <>
            <IconButton icon={props.muted ? 'belloff' : 'bell'} label={props.muted ? t('room.unmute') : t('room.mute')} className="wide-only" onClick={props.onMute} />
            <IconButton icon={face ? 'person' : 'people'} label={sideLabel} className="wide-only" on={props.sideOpen} onClick={props.onSide} />
          </>
        )}
        <IconButton icon="more" label={t('common.more')} aria-haspopup="menu" aria-expanded={menu !== undefined} onClick={(event) => setMenu(event.currentTarget.getBoundingClientRect())} />
      </div>
      {menu && <Menu anchor={menu} label={t('common.more')} entries={props.menu} onClose={() => setMenu(undefined)} />}
    </header>
  );
}

/** What people write as a topic seldom ends like the sentence that it is shown as. */
function asSentence(text: string): string {
  return /[.!?…。؟।]$/.test(text) ? text : `${text}.`;
}
