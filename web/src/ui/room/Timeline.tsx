// The virtualised timeline. It never jumps: older messages come in above without moving what is being read, and the
// view follows the newest only while it is at the bottom. Keys move from message to message. What it shows is given;
// how far it is loaded, and what to load next, is room-view.ts.
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { t } from '../../view-models/texts';
import { START, UNREAD } from '../../view-models/room-model';
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
  /** The line of what is new stands above what is loaded. */
  unreadAbove: boolean;
  /** Go to this message; a new token asks again. */
  target?: { key: string; token: number } | undefined;
  /** When it grows, the view goes to its foot and follows from there. */
  latestToken: number;
  announcement: string;
  onNearStart: () => unknown;
  onNearEnd: () => unknown;
  onBottom: (there: boolean) => void;
  onToLatest: () => void;
  onToUnread: () => unknown;
}

/** Within this of the end the view is "at the bottom" and follows. */
const STICK_PX = 48;
/** A jump to a place has found it after this: sizes on the way there are measured first, in ms. */
const SETTLE_MS = 600;
const SETTLE_STEP_MS = 50;
/** So long after sizes came in the list still moves by itself, and so long after a touch it moves by that, in ms. */
const RESIZE_MS = 150;
const HAND_MS = 1500;
/** So much is shown above the place that one goes to. */
const ABOVE_PX = -72;
/** Drawn beyond both edges. */
const BUFFER_PX = 400;
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
  /** When sizes came in last, and when a hand was on the view. */
  const resized = useRef(0);
  const touched = useRef(0);
  const steady = useRef(0);
  const looks = useRef(() => {});
  const [away, setAway] = useState(false);
  const targetIndex = target ? indexOf(items, target.key) : -1;
  const unread = useUnreadLine(list, scroller, items, props.unreadAbove);
  const shift = usePrepends(items);
  const startMargin = 64;

  const toBottom = useCallback(() => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, []);

  const follow = useCallback(() => {
    const box = scroller.current;
    resized.current = performance.now();
    if (sticks.current && atEnd) toBottom();
    if (box) last.current = { top: box.scrollTop, height: box.scrollHeight };
    clearTimeout(steady.current);
    steady.current = window.setTimeout(() => looks.current(), RESIZE_MS + 1);
  }, [atEnd, toBottom]);
  useEffect(() => () => clearTimeout(steady.current), []);

  const look = useCallback(() => {
    const box = scroller.current;
    if (!box || !placed.current) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    // Only a hand moves the view up while the list keeps its height. Sizes that came in late, or older messages, do not
    // count as one: the list moves with them.
    const now = performance.now();
    const listMoves = now - resized.current < RESIZE_MS && now - touched.current > HAND_MS;
    const byHand = box.scrollTop < last.current.top && box.scrollHeight === last.current.height && !listMoves;
    last.current = { top: box.scrollTop, height: box.scrollHeight };
    const settling = now < settles.current;
    if (settling) sticks.current = false;
    else if (below < STICK_PX) sticks.current = atEnd;
    else if (byHand || !atEnd) sticks.current = false;
    else if (sticks.current) toBottom();
    if (!settling) setAway(!sticks.current);
    props.onBottom(sticks.current);
    if (!settling && now - resized.current > RESIZE_MS) unread.look();
    if (!atStart && box.scrollTop < LOAD_AHEAD_PX) props.onNearStart();
    if (!atEnd && below < LOAD_AHEAD_PX) props.onNearEnd();
  }, [atEnd, atStart, toBottom, props.onBottom, props.onNearEnd, props.onNearStart, unread.look]);

  useLayoutEffect(() => {
    if (items.length === 0) return;
    if (!placed.current) {
      placed.current = true;
      if (targetIndex < 0) toBottom();
    } else if (sticks.current && atEnd) toBottom();
    const frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }, [items, atEnd, look, targetIndex, toBottom]);
  useLayoutEffect(() => {
    looks.current = look;
  }, [look]);

  useLayoutEffect(() => {
    if (props.latestToken === 0) return;
    settles.current = 0;
    sticks.current = true;
    // Ends a jump elsewhere that the list may still be at.
    list.current?.scrollToIndex(items.length - 1, { align: 'end' });
    toBottom();
    const frame = requestAnimationFrame(toBottom);
    return () => cancelAnimationFrame(frame);
  }, [props.latestToken, toBottom]);

  const reached = useRef(0);
  useEffect(() => {
    // A place that went out of the window and comes back is not gone to again.
    if (!target || targetIndex < 0 || reached.current === target.token) return;
    reached.current = target.token;
    settles.current = performance.now() + SETTLE_MS;
    sticks.current = false;
    if (target.key === START) scroller.current?.scrollTo({ top: 0 });
    else list.current?.scrollToIndex(targetIndex, { align: 'start', offset: ABOVE_PX });
    const timer = setInterval(() => {
      bringIntoSight(scroller.current, target.key);
      if (performance.now() < settles.current) return;
      clearInterval(timer);
      looks.current();
    }, SETTLE_STEP_MS);
    return () => clearInterval(timer);
  }, [target?.key, target?.token, targetIndex >= 0]);

  const touch = () => {
    touched.current = performance.now();
  };
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
        onWheel={touch}
        onTouchMove={touch}
        onPointerDown={touch}
        onKeyDown={(event) => (touch(), onKeyDown(event))}
      >
        <div className="timeline-in">
          <div className="timeline-head">{atStart ? <p className="room-start">{props.startText}</p> : <span className="bone" />}</div>
          <Virtualizer ref={list} scrollRef={scroller} data={items} shift={shift} startMargin={startMargin} bufferSize={BUFFER_PX} onResize={follow}>
            {(item) => <TimelineRow key={item.key} item={item} />}
          </Virtualizer>
        </div>
      </div>
      {unread.isAbove && (
        <button type="button" className="to-latest to-unread" onClick={props.onToUnread}>
          <Icon name="down" small />
          {t('room.to_unread')}
        </button>
      )}
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

/** Whether the line of what is new is above what is in sight, and was not seen yet. */
function useUnreadLine(list: React.RefObject<VirtualizerHandle | null>, scroller: React.RefObject<HTMLDivElement | null>, items: TimelineItem[], above: boolean) {
  const [out, setOut] = useState(false);
  const seen = useRef(false);
  const look = useCallback(() => {
    const box = scroller.current;
    const index = items.findIndex((item) => item.type === 'unread');
    const top = index < 0 ? undefined : list.current?.getItemOffset(index);
    if (box && top !== undefined && top >= box.scrollTop && top <= box.scrollTop + box.clientHeight) seen.current = true;
    setOut(!seen.current && (above || (box !== null && top !== undefined && top < box.scrollTop)));
  }, [list, scroller, items, above]);
  return { isAbove: out, look };
}

/** True only in the render in which items came or went at the start: the list then keeps its place from the end. */
function usePrepends(items: TimelineItem[]): boolean {
  const before = useRef(items);
  const old = before.current;
  useLayoutEffect(() => {
    before.current = items;
  }, [items]);
  // The first item says nothing: the line of the day stands on top before and after.
  return old !== items && old.length > 0 && items.length !== old.length && old.at(-1)?.key === items.at(-1)?.key;
}

/** The list goes to a group; the message may be far down in that. */
function bringIntoSight(box: HTMLElement | null, key: string): void {
  const message = box?.querySelector(`[data-message="${CSS.escape(key)}"]`);
  if (!box || !message) return;
  const [inner, outer] = [message.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) message.scrollIntoView({ block: 'center' });
}

function indexOf(items: TimelineItem[], key: string): number {
  if (key === START) return items.length > 0 ? 0 : -1;
  if (key === UNREAD) return items.findIndex((item) => item.type === 'unread');
  const found = items.findIndex((item) => item.type === 'group' && item.messages.some((message) => message.key === key));
  // What has no line of its own, as the making of a direct room, is where the next one stands.
  return found >= 0 ? found : items.findIndex((item) => lastSeq(item) >= Number(key));
}

function lastSeq(item: TimelineItem): number {
  if (item.type === 'group') return item.messages.at(-1)?.seq ?? 0;
  return item.type === 'life' ? Number(item.lines.at(-1)?.key) : 0;
}
