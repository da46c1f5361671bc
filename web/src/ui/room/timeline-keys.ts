// Keys in the timeline: from message to message, and letters that act on the one in focus.
import { useCallback, type RefObject } from 'react';
import type { MessageView, TimelineItem } from '../../view-models/views';
import type { RoomActions } from './room-actions';

export function useTimelineKeys(scroller: RefObject<HTMLDivElement | null>, items: TimelineItem[], actions: RoomActions) {
  return useCallback(
    (event: React.KeyboardEvent) => {
      const box = scroller.current;
      if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
      const focused = document.activeElement?.closest<HTMLElement>('[data-message]') ?? null;
      if (moved(event, box, focused)) return;
      if (!focused || document.activeElement !== focused) return;
      const message = messageOf(items, focused.dataset.message ?? '');
      if (message && acted(event, message, focused, actions)) event.preventDefault();
    },
    [scroller, items, actions],
  );
}

function moved(event: React.KeyboardEvent, box: HTMLElement, focused: HTMLElement | null): boolean {
  if (!['ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key)) return false;
  const shown = [...box.querySelectorAll<HTMLElement>('[data-message]')];
  const at = focused ? shown.indexOf(focused) : -1;
  const next =
    event.key === 'Home' ? shown[0] : event.key === 'End' ? shown.at(-1) : at < 0 ? lastVisible(shown, box) : shown[at + (event.key === 'ArrowUp' ? -1 : 1)];
  event.preventDefault();
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}

function lastVisible(shown: HTMLElement[], box: HTMLElement): HTMLElement | undefined {
  const edge = box.getBoundingClientRect().bottom;
  return shown.filter((message) => message.getBoundingClientRect().bottom <= edge).at(-1) ?? shown.at(-1);
}

function acted(event: React.KeyboardEvent, message: MessageView, focused: HTMLElement, actions: RoomActions): boolean {
  if (message.erased || message.seq === undefined) return false;
  switch (event.key.toLowerCase()) {
    case 'r':
      actions.reply(message.key);
      return true;
    case 'e':
      actions.pickEmoji(message.seq, focused.getBoundingClientRect());
      return true;
    case 'l':
      actions.copyLink(message.seq);
      return true;
    case 'delete':
      if (message.canDelete) actions.remove(message.key);
      return message.canDelete;
    default:
      return false;
  }
}

function messageOf(items: TimelineItem[], key: string): MessageView | undefined {
  for (const item of items) {
    const found = item.type === 'group' ? item.messages.find((message) => message.key === key) : undefined;
    if (found) return found;
  }
  return undefined;
}
