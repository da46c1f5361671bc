// The virtualised timeline. It never jumps: older messages come in above without moving what is being read, and the
// view follows the newest only while it is at the bottom. Keys move from message to message. What it shows is given;
// how far it is loaded, and what to load next, is room-view.ts.
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { t } from '../../view-models/texts';
import { START } from '../../view-models/room-model';
import type { TimelineItem } from '../../view-models/views';
import { Icon } from '../parts/Icon';
import { TimelineRow } from './TimelineRow';
import { useRoomActions } from './room-actions';
import { useTimelineKeys } from './timeline-keys';

export interface TimelineProps {
  label: string;
  items: TimelineItem[];
  atStart: boolean;
  atEnd: boolean;
  startText: string;
  newBelow: number;
  /** Go to this message; a new token asks again. */
  target?: { key: string; token: number } | undefined;
  /** When it grows, the view goes to its foot and follows from there. */
  latestToken: number;
  announcement: string;
  onNearStart: () => unknown;
  onNearEnd: () => unknown;
  onBottom: (there: boolean) => void;
  onToLatest: () => void;
}

/** Within this of the end the view is "at the bottom" and follows. */
const STICK_PX = 48;
/** A jump to a place has found it after this: sizes on the way there are measured first, in ms. */
const SETTLE_MS = 600;
/** Older messages are asked for when less than this is above. */
const LOAD_AHEAD_PX = 1500;

export const Timeline = memo(function Timeline(props: TimelineProps) {
  const { items, atStart, atEnd, target } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const sticks = useRef(true);
  const placed = useRef(false);
  /** Until then the list is on its way to a place: where it stands meanwhile is nobody's wish. */
  const settles = useRef(0);
  const last = useRef({ top: 0, height: 0 });
  const [away, setAway] = useState(false);
  const shift = usePrepends(items);
  const startMargin = 64;

  const toBottom = useCallback(() => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, []);

  const follow = useCallback(() => {
    const box = scroller.current;
    if (sticks.current && atEnd) toBottom();
    if (box) last.current = { top: box.scrollTop, height: box.scrollHeight };
  }, [atEnd, toBottom]);

  const look = useCallback(() => {
    const box = scroller.current;
    if (!box || !placed.current) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    // Only a hand moves the view up while the list keeps its height; sizes that come in late do not count as one.
    const byHand = box.scrollTop < last.current.top && box.scrollHeight === last.current.height;
    last.current = { top: box.scrollTop, height: box.scrollHeight };
    if (performance.now() < settles.current) sticks.current = false;
    else if (below < STICK_PX) sticks.current = atEnd;
    else if (byHand || !atEnd) sticks.current = false;
    else if (sticks.current) toBottom();
    setAway(!sticks.current);
    props.onBottom(sticks.current);
    if (!atStart && box.scrollTop < LOAD_AHEAD_PX) props.onNearStart();
    if (!atEnd && below < LOAD_AHEAD_PX) props.onNearEnd();
  }, [atEnd, atStart, toBottom, props.onBottom, props.onNearEnd, props.onNearStart]);

  useLayoutEffect(() => {
    if (items.length === 0) return;
    if (!placed.current) {
      placed.current = true;
      const unread = items.findIndex((item) => item.type === 'unread');
      if (unread > 0 && !target) {
        settles.current = performance.now() + SETTLE_MS;
        sticks.current = false;
        list.current?.scrollToIndex(unread, { align: 'start', offset: -72 });
      } else if (!target) toBottom();
    } else if (sticks.current && atEnd) toBottom();
    const frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }, [items, atEnd, look, target, toBottom]);
  useSettled(settles, look);

  useLayoutEffect(() => {
    if (props.latestToken === 0) return;
    settles.current = 0;
    sticks.current = true;
    toBottom();
    const frame = requestAnimationFrame(toBottom);
    return () => cancelAnimationFrame(frame);
  }, [props.latestToken, toBottom]);

  const targetIndex = target ? (target.key === START ? 0 : indexOf(items, target.key)) : -1;
  useEffect(() => {
    if (targetIndex < 0) return;
    settles.current = performance.now() + SETTLE_MS;
    sticks.current = false;
    if (target?.key === START) scroller.current?.scrollTo({ top: 0 });
    else list.current?.scrollToIndex(targetIndex, { align: 'center' });
  }, [target?.key, target?.token, targetIndex >= 0]);

  const onKeyDown = useTimelineKeys(scroller, items, useRoomActions());
  return (
    <div className="timeline-box">
      <div
        ref={scroller}
        className="timeline"
        role="log"
        aria-label={props.label}
        aria-live="off"
        aria-busy={items.length === 0}
        tabIndex={0}
        data-region="timeline"
        onScroll={look}
        onKeyDown={onKeyDown}
      >
        <div className="timeline-in">
          <div className="timeline-head">{atStart ? <p className="room-start">{props.startText}</p> : <span className="bone" />}</div>
          <Virtualizer ref={list} scrollRef={scroller} data={items} shift={shift} startMargin={startMargin} bufferSize={400} onResize={follow}>
            {(item) => <TimelineRow key={item.key} item={item} />}
          </Virtualizer>
        </div>
      </div>
      {(away || !atEnd) && items.length > 0 && (
        <button
          type="button"
          className="to-latest"
          onClick={props.onToLatest}
        >
          <Icon name="down" small />
          {props.newBelow > 0 ? t('room.new_below', { n: props.newBelow }) : t('room.to_latest')}
        </button>
      )}
      <div className="sr" aria-live="polite">
        {props.announcement}
      </div>
    </div>
  );
});

/** Looks once more when the list has come to its place. */
function useSettled(settles: React.RefObject<number>, look: () => void): void {
  const until = settles.current;
  useEffect(() => {
    const left = settles.current - performance.now();
    if (left <= 0) return;
    const timer = setTimeout(look, left + 1);
    return () => clearTimeout(timer);
  }, [settles, until, look]);
}

/** True only in the render in which items came in at the start: the list then keeps its place from the end. */
function usePrepends(items: TimelineItem[]): boolean {
  const before = useRef(items);
  const old = before.current;
  useLayoutEffect(() => {
    before.current = items;
  }, [items]);
  // The first item says nothing: the line of the day stands on top before and after.
  return old !== items && old.length > 0 && items.length > old.length && old.at(-1)?.key === items.at(-1)?.key;
}

function indexOf(items: TimelineItem[], key: string): number {
  return items.findIndex((item) => item.type === 'group' && item.messages.some((message) => message.key === key));
}
