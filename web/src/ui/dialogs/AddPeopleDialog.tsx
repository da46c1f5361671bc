// A dialog that finds people and does one thing with each.
import { useState } from 'react';
import type { PersonRowView } from '../../view-models/views';
import { Dialog } from '../parts/Dialog';
import { Icon } from '../parts/Icon';
import { Problem } from '../parts/Problem';
import { PersonFinder } from '../people/PersonFinder';

interface Props {
  title: string;
  label: string;
  actionText: string;
  doneText: string;
  find: (text: string) => Promise<PersonRowView[]>;
  /** Resolves to what went wrong, or to nothing. */
  onAdd: (person: PersonRowView) => Promise<string | undefined>;
  onClose: () => void;
}

/** Finds people and does one thing with each: adds them to a room, or asks them to be friends. */
export function AddPeopleDialog({ title, label, actionText, doneText, find, onAdd, onClose }: Props) {
  const [done, setDone] = useState<string[]>([]);
  const [problem, setProblem] = useState<string>();
  const add = async (person: PersonRowView) => {
    const failed = await onAdd(person);
    setProblem(failed);
    if (failed === undefined) setDone((before) => [...before, person.id]);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <PersonFinder
        label={label}
        find={find}
        action={(person) =>
          done.includes(person.id) ? (
            <span className="small muted done">
              <Icon name="check" small />
              {doneText}
            </span>
          ) : (
            <button type="button" className="btn btn-s" onClick={() => void add(person)}>
              {actionText}
            </button>
          )
        }
      />
      <Problem text={problem} />
    </Dialog>
  );
}
