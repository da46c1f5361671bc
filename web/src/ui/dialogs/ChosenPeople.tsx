// The people chosen so far, as chips that can be taken out.
import { t } from '../../view-models/texts';
import type { PersonRowView } from '../../view-models/views';
import { Face } from '../parts/Face';
import { Icon } from '../parts/Icon';

export function ChosenPeople({ people, onRemove }: { people: PersonRowView[]; onRemove: (id: string) => void }) {
  if (people.length === 0) return null;
  return (
    <ul className="chosen">
      {people.map((person) => (
        <li key={person.id}>
          <button type="button" className="chip" aria-pressed="true" aria-label={t('add.remove', { name: person.name })} onClick={() => onRemove(person.id)}>
            <Face face={{ id: person.id, name: person.name }} size="xs" />
            <span className="cut"><bdi>{person.name}</bdi></span>
            <Icon name="close" small />
          </button>
        </li>
      ))}
    </ul>
  );
}
