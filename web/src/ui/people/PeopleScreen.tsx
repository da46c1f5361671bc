// Friends, requests that wait, and who is blocked.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import type { PeopleView, PersonRowView } from '../../view-models/views';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Menu, type MenuEntry } from '../parts/Menu';
import { PersonRow } from './PersonRow';

type Tab = 'friends' | 'requests' | 'blocked';

export interface PeopleScreenProps {
  people: PeopleView;
  selected: string | undefined;
  onBack: () => void;
  onFind: () => void;
  onOpen: (id: string) => void;
  onMessage: (id: string) => void;
  onAccept: (id: string) => void;
  onDecline: (id: string) => void;
  onUnblock: (id: string) => void;
  menuOf: (person: PersonRowView) => MenuEntry[];
}

export function PeopleScreen(props: PeopleScreenProps) {
  const { people } = props;
  const [tab, setTab] = useState<Tab>('friends');
  const tabs: [Tab, React.ReactNode][] = [
    ['friends', t('people.friends')],
    ['requests', people.incoming.length > 0 ? [`${t('people.requests')} `, <span key="n" className="count call">{people.incoming.length}</span>] : t('people.requests')],
    ['blocked', t('people.blocked')],
  ];
  const count = t('people.count', { n: people.friends.length });
  return (
    <main className="stage" data-region="stage">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back_plain')} className="back" onClick={props.onBack} />
        <div className="bar-title">
          <h1>{t('people.title')}</h1>
          <p>{people.hereNow > 0 ? `${count}, ${t('people.here', { n: people.hereNow })}` : count}</p>
        </div>
        <button type="button" className="btn" onClick={props.onFind}>
          <Icon name="addperson" />
          {t('people.add')}
        </button>
      </header>
      <div className="scroll">
        <div className="page people-page">
          <div>
            <div className="segments" role="tablist" aria-label={t('people.title')}>
              {tabs.map(([id, text]) => (
                <button key={id} type="button" role="tab" aria-selected={tab === id} onClick={() => setTab(id)}>
                  {text}
                </button>
              ))}
            </div>
          </div>
          {tab === 'friends' && <Friends {...props} />}
          {tab === 'requests' && <Requests {...props} />}
          {tab === 'blocked' && <Blocked {...props} />}
        </div>
      </div>
    </main>
  );
}

function Friends(props: PeopleScreenProps) {
  const { people } = props;
  const [menu, setMenu] = useState<{ person: PersonRowView; anchor: DOMRect }>();
  return (
    <>
      <Incoming {...props} />
      <Block title={t('people.friends')} rows={people.friends} empty={t('people.none')} selected={props.selected} onOpen={props.onOpen}>
        {(person) => (
          <>
            <IconButton icon="thread" label={t('people.message')} onClick={() => props.onMessage(person.id)} />
            <IconButton icon="more" label={t('common.more')} aria-haspopup="menu" onClick={(event) => setMenu({ person, anchor: event.currentTarget.getBoundingClientRect() })} />
          </>
        )}
      </Block>
      {menu && <Menu anchor={menu.anchor} label={menu.person.name} head={menu.person.name} entries={props.menuOf(menu.person)} onClose={() => setMenu(undefined)} />}
    </>
  );
}

function Incoming(props: PeopleScreenProps) {
  if (props.people.incoming.length === 0) return null;
  return (
    <Block title={t('people.waiting')} rows={props.people.incoming} empty="" selected={props.selected} onOpen={props.onOpen}>
      {(person) => (
        <>
          <button type="button" className="btn primary btn-s" onClick={() => props.onAccept(person.id)}>
            {t('people.accept')}
          </button>
          <button type="button" className="btn btn-s" onClick={() => props.onDecline(person.id)}>
            {t('people.decline')}
          </button>
        </>
      )}
    </Block>
  );
}

function Requests(props: PeopleScreenProps) {
  const { incoming, outgoing } = props.people;
  if (incoming.length + outgoing.length === 0) return <p className="muted">{t('people.no_requests')}</p>;
  return (
    <>
      <Incoming {...props} />
      {outgoing.length > 0 && (
        <Block title={t('people.sent')} rows={outgoing} empty="" selected={props.selected} onOpen={props.onOpen}>
          {(person) => (
            <button type="button" className="btn btn-s" onClick={() => props.onDecline(person.id)}>
              {t('people.withdraw')}
            </button>
          )}
        </Block>
      )}
    </>
  );
}

function Blocked(props: PeopleScreenProps) {
  return (
    <Block title={t('people.blocked')} rows={props.people.blocked} empty={t('people.no_blocked')} selected={props.selected} onOpen={props.onOpen}>
      {(person) => (
        <button type="button" className="btn btn-s" onClick={() => props.onUnblock(person.id)}>
          {t('people.unblock')}
        </button>
      )}
    </Block>
  );
}

interface BlockProps {
  title: string;
  rows: PersonRowView[];
  empty: string;
  selected: string | undefined;
  onOpen: (id: string) => void;
  children: (person: PersonRowView) => React.ReactNode;
}

function Block({ title, rows, empty, selected, onOpen, children }: BlockProps) {
  return (
    <section className="block">
      <header>
        <h2>{title}</h2>
      </header>
      {rows.length === 0 ? (
        <p className="muted">{empty}</p>
      ) : (
        <ul className="card rows">
          {rows.map((person) => (
            <PersonRow key={person.id} person={person} selected={person.id === selected} onOpen={() => onOpen(person.id)}>
              {children(person)}
            </PersonRow>
          ))}
        </ul>
      )}
    </section>
  );
}
