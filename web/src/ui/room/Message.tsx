// One message: its words on the axis, time and state in the margin, tools when pointed at.
import { memo, useRef, useState } from 'react';
import { wordsOrFiles } from '../../view-models/files-view';
import { t } from '../../view-models/texts';
import type { FaceView, MessageView } from '../../view-models/views';
import { Attachments } from '../files/Attachments';
import { classes } from '../parts/classes';
import { Icon } from '../parts/Icon';
import { Menu } from '../parts/Menu';
import { Markup } from './Markup';
import { menuOf } from './message-menu';
import { MessageTools } from './MessageTools';
import { Quote } from './Quote';
import { Reactions } from './Reactions';
import { useRoomActions } from './room-actions';
import { SendError } from './SendError';
import { StateIcon } from './StateIcon';

interface Props {
  message: MessageView;
  own: boolean;
  author: FaceView;
}

export const Message = memo(function Message({ message, own, author }: Props) {
  const actions = useRoomActions();
  const box = useRef<HTMLDivElement>(null);
  const [pointedAt, setPointedAt] = useState(false);
  const [menu, setMenu] = useState<DOMRect>();
  const openMenu = () => box.current && setMenu(box.current.getBoundingClientRect());
  const waiting = message.state === 'pending';
  return (
    <div
      ref={box}
      className={classes('msg', waiting && 'pending', message.state === 'failed' && 'failed', message.callsYou && 'calls', message.highlighted && 'found', (actions.alwaysTimes || waiting) && 'shows-time', menu && 'is-hover')}
      tabIndex={-1}
      data-message={message.key}
      data-seq={message.seq}
      data-state={message.state}
      aria-label={message.erased?.text ?? wordsOrFiles(message.text, message.files ?? [])}
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocus={() => setPointedAt(true)}
      onBlur={() => setPointedAt(false)}
      onClick={(event) => {
        const inside = (event.target as HTMLElement).closest('a, button, pre, audio, video');
        if (!inside && !message.erased && narrowScreen() && !window.getSelection()?.toString()) openMenu();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.target !== event.currentTarget || message.erased) return;
        // Else the same press would choose the first entry of the menu that it opens.
        event.preventDefault();
        openMenu();
      }}
    >
      <div className="msg-main">
        {message.quote && <Quote quote={message.quote} onGo={actions.goTo} />}
        {(message.text !== '' || message.erased) &&
          (own ? (
            <div className="bubble">
              <Words message={message} />
            </div>
          ) : (
            <Words message={message} />
          ))}
        {message.files && message.files.length > 0 && <Attachments files={message.files} of={message.seq === undefined ? undefined : { room: actions.room, seq: message.seq }} />}
        {message.state === 'failed' && <SendError message={message} />}
        {message.reactions.length > 0 && message.seq !== undefined && <Reactions reactions={message.reactions} seq={message.seq} />}
      </div>
      <div className="msg-margin">
        <time title={message.fullTime}>{message.time}</time>
        {own && message.state && !message.erased && <StateIcon state={message.state} />}
      </div>
      {pointedAt && !message.erased && message.seq !== undefined && <MessageTools message={message} onMore={setMenu} />}
      {menu && <Menu anchor={menu} label={t('message.actions')} head={author.name} entries={menuOf(message, actions, menu)} onClose={() => setMenu(undefined)} />}
    </div>
  );
});

function Words({ message }: { message: MessageView }) {
  const actions = useRoomActions();
  if (message.erased)
    return (
      <p className="erased">
        <Icon name={message.erased.byModerator ? 'shield' : 'trash'} small />
        <span>{message.erased.text}</span>
      </p>
    );
  const edited = message.edited && (
    <span className="edited" title={message.edited}>
      {t('message.edited')}
    </span>
  );
  return <Markup text={message.text} myUsername={actions.myUsername} onMention={actions.openMention} after={edited} />;
}

/** Where the toolbar has no place, a touch on the message opens the same as a menu. */
const narrowScreen = (): boolean => window.matchMedia('(max-width: 760px)').matches;
