import { t } from '../../view-models/texts';
import type { PersonRowView } from '../../view-models/views';
import { Face } from '../parts/Face';

/** People of the server that match the filter: below the rooms. */
export function FoundPeople({ people, onOpen }: { people: PersonRowView[]; onOpen: (id: string) => void }) {
  if (people.length === 0) return null;
  return (
    <>
      <h2 className="section-head">{t('list.people_found')}</h2>
      <div className="rooms">
        {people.map((person) => (
          <button key={person.id} type="button" className="member" data-person={person.id} onClick={() => onOpen(person.id)}>
            <Face face={person} size="m" />
            <span className="who">
              <span className="cut"><bdi>{person.name}</bdi></span>
              <span className="small cut">{person.note}</span>
            </span>
          </button>
        ))}
      </div>
    </>
  );
}
