// Chooses what draws an item of the timeline.
import type { TimelineItem } from '../../view-models/views';
import { Bones } from '../parts/Bones';
import { Group } from './Group';
import { Life } from './Life';

export function TimelineRow({ item }: { item: TimelineItem }) {
  switch (item.type) {
    case 'group':
      return <Group group={item} />;
    case 'life':
      return <Life life={item} />;
    case 'day':
      return (
        <div className="day" role="separator">
          {item.text}
        </div>
      );
    case 'unread':
      return (
        <div className="unread-line" role="separator">
          {item.text}
        </div>
      );
    case 'skeleton':
      return <Bones />;
    case 'start':
      return <p className="room-start">{item.text}</p>;
  }
}
