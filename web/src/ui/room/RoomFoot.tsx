// The foot of a room: who is writing, and the composer.
import { useMemo, type RefObject } from 'react';
import type { Room } from '../../client/room';
import { nameOf, presenceOf, shortName } from '../../view-models/names';
import type { RoomModel } from '../../view-models/room-model';
import { t } from '../../view-models/texts';
import { AttachTray } from '../files/AttachTray';
import { useClient, useNow } from '../use-model';
import { Composer, type ComposerHandle, type Nameable } from './Composer';
import { TypingLine } from './TypingLine';

interface Props {
  model: RoomModel;
  room: Room;
  name: string;
  alone: boolean;
  composer: RefObject<ComposerHandle | null>;
  onEmoji: (anchor: DOMRect) => void;
  /** Takes files for the next message; absent where none are taken. */
  onFiles: ((files: File[]) => void) | undefined;
}

export function RoomFoot({ model, room, name, alone, composer, onEmoji, onFiles }: Props) {
  const client = useClient();
  const people = useMemo<Nameable[]>(
    () =>
      (room.members ?? [])
        .filter((member) => member.user.id !== client.myId)
        .map(({ user }) => ({ id: user.id, name: user.name, username: user.handle, presence: presenceOf(client, user.id) })),
    [client, room.members],
  );
  const now = useNow();
  const items = client.uploads.of(room.id);
  const waiting = items.some((item) => item.state === 'sending' || item.state === 'processing');
  const typing = [...room.typing.keys()].map((user) => shortName(nameOf(client, user)));
  return (
    <footer className="foot">
      <TypingLine names={typing} />
      <Composer
        key={room.id}
        ref={composer}
        placeholder={alone ? t('composer.say_hello') : t('composer.write_to', { room: name })}
        draft={room.draft}
        maxBytes={client.limits.text_bytes}
        replyTo={model.replyView}
        editing={model.editView}
        people={people}
        disabledText={disabledText(client, room, name)}
        onDraft={(text) => client.setDraft(room, text)}
        onTyping={(on) => client.tellTyping(room.id, on)}
        onSend={model.send}
        onCancel={model.cancel}
        onEditLast={model.editLast}
        onEscape={() => model.markRead()}
        onEmoji={onEmoji}
        files={waiting ? 'waiting' : items.some((item) => item.state === 'ready') ? 'ready' : 'none'}
        onFiles={onFiles}
        tray={<AttachTray items={items} now={now} onRemove={(key) => client.uploads.remove(room.id, key)} onRetry={(key) => client.uploads.retry(room.id, key)} />}
      />
    </footer>
  );
}

function disabledText(client: ReturnType<typeof useClient>, room: Room, name: string): string | undefined {
  const { info } = room;
  if (info?.kind === 'channel' && info.myRole === 'member') return t('room.read_only');
  if (info?.peer !== undefined && client.blocks.some((user) => user.id === info.peer)) return t('room.blocked', { name });
  return undefined;
}
