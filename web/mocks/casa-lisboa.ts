// The house of the look's screens, as data of the mock server: so that the living client can be held beside the pictures.
import type { User } from '../src/protocol/rest';
import type { MockRoom } from './mock-rooms';
import { MockServer } from './mock-server';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export interface House {
  server: MockServer;
  clara: User;
  rooms: Record<string, MockRoom>;
}

type People = Record<'clara' | 'amaia' | 'bakary' | 'ines' | 'jun' | 'leila' | 'nuria' | 'oskar' | 'ravi' | 'sofia' | 'tomasz', User>;

interface Building {
  server: MockServer;
  people: People;
  /** Turns the clock to a time so many days ago. */
  at: (days: number, time: string) => void;
  say: (room: MockRoom, by: User, text: string, replyTo?: number) => number;
  group: (name: string) => MockRoom;
  direct: (other: User) => MockRoom;
}

export function casaLisboa(noon: number): House {
  const clock = { now: noon - 40 * DAY_MS };
  const server = new MockServer(() => clock.now);
  const people = peopleOf(server);
  const { clara } = people;
  const building: Building = {
    server,
    people,
    at: (days, time) => {
      const [hours = 0, minutes = 0] = time.split(':').map(Number);
      clock.now = new Date(noon - days * DAY_MS).setHours(0, 0, 0, 0) + (hours * 60 + minutes) * MINUTE_MS;
    },
    say: (room, by, text, replyTo) => server.append(room, by.id, { kind: 'message', text, ...(replyTo === undefined ? {} : { reply_to: replyTo }) }).seq,
    group: (name) => server.addRoom('group', name, Object.values(people)),
    direct: (other) => server.addRoom('direct', '', [clara, other]),
  };
  const cafe = repairCafe(building);
  const { notices, long } = otherRooms(building);
  const hard = hardRoom(building);
  befriend(building);
  server.now = () => Date.now();
  return { server, clara, rooms: { cafe, notices, long, hard } };
}

function peopleOf(server: MockServer): People {
  const person = (name: string, about = '') => server.addUser(name, undefined, about);
  return {
    amaia: person('Amaia Etxeberria'),
    clara: person('Clara Vidal', 'Here until eight'),
    bakary: person('Bakary Diallo', 'Soldering until noon'),
    ines: person('Inês Carvalho', 'Back after lunch'),
    jun: person('Jun Watanabe'),
    leila: person('Leïla Haddad'),
    nuria: person('Nuria Solà'),
    oskar: person('Oskar Lind'),
    ravi: person('Ravi Menon'),
    sofia: person('Sofía Ibarra'),
    tomasz: person('Tomasz Wróbel'),
  };
}

function repairCafe({ server, people, at, say, group }: Building): MockRoom {
  const { amaia, bakary, clara, ines, jun, leila, nuria, ravi, tomasz } = people;
  const cafe = group('Repair café');
  cafe.topic = 'Saturdays at four, back room.';
  cafe.members.set(bakary.id, 'moderator');
  cafe.members.set(clara.id, 'moderator');
  at(1, '17:40');
  say(cafe, ravi, 'The toothbrush charger only waits for its firmware. This is all it needs:');
  at(1, '17:41');
  say(cafe, ravi, '```sh\navrdude -p t85 -c usbasp \\\n  -U "flash:w:charger-1.4.hex:i"\n```');
  at(1, '18:09');
  say(cafe, tomasz, 'Classic. Check C27 before you do anything else, it dries out in every one of these.');
  say(cafe, tomasz, 'And the mains lead: that sheath is from 1974.');
  at(1, '18:20');
  const own = say(cafe, clara, 'I can sit at the door with the list. Do we have the back room until eight?');
  for (const reader of [amaia, bakary, ines, ravi]) cafe.reads.set(reader.id, own);
  at(1, '18:31');
  const gone = say(cafe, jun, 'never mind');
  server.append(cafe, jun.id, { kind: 'delete', of: gone });
  server.append(cafe, amaia.id, { kind: 'changed', name: 'Repair café' });
  cafe.reads.set(clara.id, cafe.head);
  at(0, '09:31');
  say(cafe, nuria, '@clara you have the key of the back room, right? The lock was changed on Thursday.');
  at(0, '10:12');
  const radio = say(cafe, amaia, 'The **Roberts radio** is back: it hums, then goes quiet after ten minutes. First on the bench.');
  for (const [by, emoji] of [[bakary, '🔧'], [nuria, '🔧'], [ravi, '🔧'], [clara, '🔧'], [ines, '👀'], [jun, '👀'], [leila, '❤️']] as const)
    server.append(cafe, by.id, { kind: 'reaction', of: radio, emoji, on: true });
  at(0, '10:21');
  const bet = say(cafe, bakary, 'C27, I would bet a coffee on it. I have a bag of 100 µF, 25 V', radio);
  server.append(cafe, bakary.id, { kind: 'edit', of: bet, text: 'C27, I would bet a coffee on it. I have a bag of 100 µF, 25 V.' });
  at(0, '10:36');
  say(cafe, ines, 'See https://example.org/roberts-r24-service.pdf, page 4 (the supply).');
  at(0, '10:41');
  const key = say(cafe, clara, 'Key is in my coat. There by half past three.');
  cafe.reads.set(amaia.id, key);
  at(0, '10:46');
  say(cafe, nuria, 'Oh good. I have a spare fuse holder for the radio too.');
  cafe.mine.set(clara.id, { muted: false, pinned: true });
  return cafe;
}

function otherRooms({ people, at, say, group, direct }: Building): { notices: MockRoom; long: MockRoom } {
  const { amaia, bakary, clara, ines, jun, leila, oskar, ravi, sofia, tomasz } = people;
  const chat = (room: MockRoom, days: number, time: string, by: User, text: string, unread = 0) => {
    at(days, time);
    say(room, by, text);
    room.reads.set(clara.id, room.head);
    for (let i = 0; i < unread; i++) say(room, by, text);
    return room;
  };
  const notices = chat(group('House notices'), 0, '08:30', amaia, 'Back door stays shut after ten');
  notices.mine.set(clara.id, { muted: false, pinned: true });
  chat(group('Sunday long table'), 0, '10:44', leila, 'eleven of us, and @clara has the list', 2);
  chat(direct(bakary), 0, '10:41', bakary, 'Bringing the soldering station', 3);
  chat(group('Film night'), 0, '10:20', jun, 'subtitles or not, last vote', 12);
  const withInes = chat(direct(ines), 0, '09:58', clara, 'the ladder is in the hall');
  withInes.reads.set(ines.id, withInes.head);
  chat(group('Bike workshop'), 0, '09:12', ravi, 'who has the pump');
  chat(group('Roof garden'), 4, '12:00', tomasz, 'the water butt is full again', 48).mine.set(clara.id, { muted: true, pinned: false });
  chat(direct(ravi), 5, '12:00', ravi, 'Picture');
  chat(group('Reading group'), 6, '18:00', sofia, 'chapter nine for Thursday');
  chat(direct(jun), 7, '12:00', clara, 'thanks, found it');
  const long = group('A room with a name that is far too long for any row of any list, and then some more of it');
  chat(long, 8, '12:00', oskar, 'مرحبا بكم في الغرفة');
  return { notices, long };
}

/** What people really write and are called: no spaces, other directions, many lines, many reactions, many comings and goings. */
function hardRoom({ server, people, at, say, group }: Building): MockRoom {
  const { amaia, bakary, clara, ines, jun, nuria, oskar } = people;
  const person = (name: string, handle: string) => server.addUser(name, handle, 'نعود بعد الظهر');
  const [maryam, long, one] = [person('مريم عبد الرحمن الأندلسي', 'maryam'), person('Wolfeschlegelsteinhausenbergerdorff Hubert Blaine the Elder', 'hubert'), person('李', 'li')];
  const room = group('غرفة القراءة');
  room.topic = 'كل يوم سبت في الرابعة';
  at(1, '09:00');
  for (const user of [maryam, long, one]) server.join(room, user.id, user.id);
  for (const user of [jun, oskar]) server.append(room, user.id, { kind: 'left', user: user.id });
  say(room, maryam, 'مرحبا! هل قرأتم الفصل التاسع؟ I liked page 214 the most.');
  say(room, maryam, 'A line in English inside a group of Arabic, with **bold** and `code`.');
  const url = say(room, long, `https://example.org/${'a-very-long-path-without-any-break/'.repeat(6)}index.html`);
  say(room, long, 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(3));
  say(room, clara, 'שלום לכולם, מה שלומכם היום?', url);
  say(room, clara, 'x'.repeat(300));
  const loved = say(room, one, '好');
  for (const by of [amaia, bakary, ines, jun, nuria]) for (const emoji of ['👍', '❤️', '😂', '🎉', '🙏', '🔥', '👀', '☕', '🚲', '🌙', '🎬', '✅']) server.append(room, by.id, { kind: 'reaction', of: loved, emoji, on: true });
  say(room, nuria, '```rust\nfn main() { println!("a line of code that is wider than any phone, and wider than most timelines, so that it has to scroll on its own"); }\n```');
  say(room, nuria, '> quoted words\n> of two lines\n\nand an answer\n\nin two paragraphs');
  const gone = say(room, oskar, 'rude');
  server.append(room, amaia.id, { kind: 'delete', of: gone, reason: 'A reason that is long enough to need a second line on a phone, and then goes on' });
  say(room, bakary, 'Right below a reply to what is gone', gone);
  room.reads.set(clara.id, room.head);
  room.reads.set(maryam.id, room.head);
  return room;
}

function befriend({ server, people }: Building): void {
  const { amaia, bakary, clara, ines, jun, leila, nuria, oskar, ravi, sofia, tomasz } = people;
  server.friends.set(clara.id, [
    { user: sofia, state: 'asks' },
    { user: leila, state: 'asks' },
    ...[amaia, bakary, ines, jun, nuria, ravi, tomasz].map((user) => ({ user, state: 'friends' as const })),
    { user: oskar, state: 'asked' },
  ]);
  for (const user of [amaia, bakary, nuria, ravi]) server.sessions.add({ user: user.id, rooms: new Set(), tell: () => {}, close: () => {} });
}

/** A room with ten thousand messages, for the timeline. */
export function addLongHistory({ server, clara, rooms }: House, messages: number): void {
  const room = rooms.long;
  if (!room) return;
  const people = [...server.people.values()];
  const start = Date.now() - messages * 30_000;
  for (let i = 0; i < messages; i++) {
    const by = people[Math.floor(i / 3) % people.length];
    room.append(by?.id, { kind: 'message', text: `Message ${i}${i % 7 === 0 ? `, a longer one: ${'words and more words '.repeat((i % 11) + 1)}` : ''}` }, start + i * 30_000);
  }
  room.reads.set(clara.id, room.head);
}
