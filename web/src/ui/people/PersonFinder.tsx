// An input that finds people of the server while one types, and a list to act on.
import { useEffect, useState, type ReactNode } from 'react';
import { t } from '../../view-models/texts';
import type { PersonRowView } from '../../view-models/views';
import { Field } from '../parts/Field';
import { PersonRow } from './PersonRow';

interface Props {
  label: string;
  find: (text: string) => Promise<PersonRowView[]>;
  action: (person: PersonRowView) => ReactNode;
}

/** So long after the last key the server is asked. */
const PAUSE_MS = 200;

export function PersonFinder({ label, find, action }: Props) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<{ text: string; people: PersonRowView[] }>();
  useEffect(() => {
    const wanted = text.trim().replace(/^@/, '');
    if (wanted === '') return setFound(undefined);
    let current = true;
    const timer = setTimeout(() => {
      void find(wanted).then((people) => current && setFound({ text: wanted, people }));
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, find]);
  return (
    <div className="finder">
      <Field label={label} type="search" value={text} autoComplete="off" data-autofocus onChange={(event) => setText(event.target.value)} />
      <div aria-live="polite">
        {found && found.people.length === 0 && <p className="hint">{t('add.nobody')}</p>}
        {found && found.people.length > 0 && (
          <ul className="card rows finder-rows">
            {found.people.map((person) => (
              <PersonRow key={person.id} person={person}>
                {action(person)}
              </PersonRow>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
