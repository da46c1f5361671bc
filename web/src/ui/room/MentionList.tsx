// The names that fit what is typed after an @.
import { t } from '../../view-models/texts';
import { Face } from '../parts/Face';
import type { Nameable } from './Composer';

interface Props {
  query: string;
  people: Nameable[];
  chosen: number;
  onChoose: (person: Nameable) => void;
}

/** The completion of @names, over the composer. */
export function MentionList({ query, people, chosen, onChoose }: Props) {
  const label = t('composer.people_matching', { text: query });
  return (
    <div className="menu complete" role="listbox" aria-label={label}>
      <div className="menu-head">{label}</div>
      {people.map((person, index) => (
        <div
          key={person.id}
          className="menu-item"
          role="option"
          aria-selected={index === chosen}
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(person);
          }}
        >
          <Face face={person} size="s" />
          <span className="cut"><bdi>{person.name}</bdi></span>
          <span className="end">{index === chosen ? <kbd>Tab</kbd> : `@${person.username}`}</span>
        </div>
      ))}
    </div>
  );
}
