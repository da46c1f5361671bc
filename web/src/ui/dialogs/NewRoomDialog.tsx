// Makes a group or a channel, with the first people in it.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import type { PersonRowView } from '../../view-models/views';
import { Dialog } from '../parts/Dialog';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';
import { Segments } from '../parts/Segments';
import { PersonFinder } from '../people/PersonFinder';
import { ChosenPeople } from './ChosenPeople';

export interface NewRoom {
  kind: 'group' | 'channel';
  name: string;
  description: string;
  people: string[];
}

interface Props {
  maxName: number;
  find: (text: string) => Promise<PersonRowView[]>;
  onCreate: (room: NewRoom) => Promise<string | undefined>;
  onClose: () => void;
}

export function NewRoomDialog({ maxName, find, onCreate, onClose }: Props) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [kind, setKind] = useState<'group' | 'channel'>('group');
  const [people, setPeople] = useState<PersonRowView[]>([]);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const create = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const failed = await onCreate({ kind, name: name.trim(), description: description.trim(), people: people.map(({ id }) => id) });
    setBusy(false);
    if (failed === undefined) onClose();
    else setProblem(failed);
  };
  return (
    <Dialog
      title={t('new_room.title')}
      onClose={onClose}
      footer={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t('common.cancel')}
          </button>
          <button type="submit" form="new-room" className="btn primary" disabled={busy || name.trim() === ''}>
            {t('new_room.create')}
          </button>
        </>
      }
    >
      <form id="new-room" className="form" onSubmit={(event) => void create(event)}>
        <Field label={t('new_room.name')} value={name} maxLength={maxName} required data-autofocus onChange={(event) => setName(event.target.value)} />
        <Field label={t('new_room.description')} value={description} maxLength={200} onChange={(event) => setDescription(event.target.value)} />
        <div className="field">
          <span className="label">{t('new_room.kind')}</span>
          <Segments
            wide
            label={t('new_room.kind')}
            value={kind}
            options={[
              { value: 'group', text: t('new_room.group') },
              { value: 'channel', text: t('new_room.channel') },
            ]}
            onChoose={setKind}
          />
        </div>
      </form>
      <ChosenPeople people={people} onRemove={(id) => setPeople(people.filter((person) => person.id !== id))} />
      <PersonFinder
        label={t('new_room.people')}
        find={find}
        action={(person) =>
          people.some(({ id }) => id === person.id) ? null : (
            <button type="button" className="btn btn-s" onClick={() => setPeople([...people, person])}>
              {t('add.do')}
            </button>
          )
        }
      />
      <Problem text={problem} />
    </Dialog>
  );
}
