// One person in a card.
import type { ReactNode } from 'react';
import type { PersonRowView } from '../../view-models/views';
import { classes } from '../parts/classes';
import { Face } from '../parts/Face';

interface Props {
  person: PersonRowView;
  selected?: boolean;
  onOpen?: (() => void) | undefined;
  children?: ReactNode;
}

/** Somebody in a card, with what one can do about them at the end. */
export function PersonRow({ person, selected, onOpen, children }: Props) {
  const who = (
    <>
      <Face face={person} size="l" />
      <span className="what">
        <span className="person-name cut"><bdi>{person.name}</bdi></span>
        <span className="small cut">{person.note}</span>
      </span>
    </>
  );
  return (
    <li className={classes('row', selected && 'selected')} data-person={person.id}>
      {onOpen ? (
        <button type="button" className="person" onClick={onOpen}>
          {who}
        </button>
      ) : (
        who
      )}
      {children}
    </li>
  );
}
