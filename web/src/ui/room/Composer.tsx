// Where one writes: grows with its text, keeps the draft, sends with Enter, completes names, shows the limit as it nears.
import { useEffect, useImperativeHandle, useRef, useState, type ReactNode, type Ref } from 'react';
import { t } from '../../view-models/texts';
import type { FaceView } from '../../view-models/views';
import { classes } from '../parts/classes';
import { IconButton } from '../parts/IconButton';
import { FilePicker } from '../files/FilePicker';
import { ComposerBar } from './ComposerBar';
import { ComposerHints } from './ComposerHints';
import { LimitCount, limitOf } from './LimitCount';
import { MentionList } from './MentionList';
import { mentionAt, type MentionQuery } from './mention-query';

export interface ComposerHandle {
  focus: () => void;
  insert: (text: string) => void;
}

export interface Nameable extends FaceView {
  username: string;
}

interface Props {
  ref?: Ref<ComposerHandle>;
  placeholder: string;
  draft: string;
  maxBytes: number;
  replyTo?: { author: string; text: string } | undefined;
  editing?: { key: string; text: string } | undefined;
  people: Nameable[];
  disabledText?: string | undefined;
  onDraft: (text: string) => void;
  /** That one is writing, or has emptied the box. */
  onTyping: (on: boolean) => void;
  onSend: (text: string) => void;
  onCancel: () => void;
  onEditLast: () => void;
  onEscape: () => void;
  onEmoji: (anchor: DOMRect) => void;
  /** What is to go with the message. */
  tray?: ReactNode;
  /** Whether something there can go, and whether something is still on its way. */
  files: 'none' | 'ready' | 'waiting';
  /** Takes files; absent where none are taken. */
  onFiles?: ((files: File[]) => void) | undefined;
}

export function Composer(props: Props) {
  const { editing, replyTo, maxBytes } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(props.draft);
  const [query, setQuery] = useState<MentionQuery>();
  const [chosen, setChosen] = useState(0);

  useEffect(() => {
    setText(editing ? editing.text : props.draft);
    if (editing || replyTo) box.current?.focus();
  }, [editing?.key, replyTo?.text]);

  const change = (next: string, caret: number) => {
    setText(next);
    setQuery(mentionAt(next, caret));
    setChosen(0);
    if (!editing) props.onDraft(next);
    props.onTyping(next.trim() !== '');
  };
  const insert = (piece: string, from?: number) => {
    const area = box.current;
    if (!area) return;
    const start = from ?? area.selectionStart;
    const next = text.slice(0, start) + piece + text.slice(area.selectionEnd);
    change(next, start + piece.length);
    setQuery(undefined);
    area.focus();
    requestAnimationFrame(() => area.setSelectionRange(start + piece.length, start + piece.length));
  };
  useImperativeHandle(props.ref, () => ({ focus: () => box.current?.focus(), insert }));

  const matches = query ? matching(props.people, query.text) : [];
  const complete = (person: Nameable | undefined) => person && query && insert(`@${person.username} `, query.start);
  const limit = limitOf(text, maxBytes);
  const sendable = (text.trim() !== '' || props.files === 'ready') && props.files !== 'waiting' && !limit.over;
  const send = () => {
    if (!sendable) return;
    props.onSend(text.trim());
    if (!editing) setText('');
    setQuery(undefined);
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (matches.length > 0 && completes(event, matches, chosen, setChosen, complete, () => setQuery(undefined))) return;
    if (event.key === 'Enter' && !event.shiftKey && !touchKeyboard()) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && text === '' && !editing) {
      event.preventDefault();
      props.onEditLast();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (editing || replyTo) props.onCancel();
      else props.onEscape();
    }
  };

  if (props.disabledText) return <p className="composer-off small muted">{props.disabledText}</p>;
  return (
    <>
      {matches.length > 0 && <MentionList query={query?.text ?? ''} people={matches} chosen={chosen} onChoose={complete} />}
      <div className="composer">
        <ComposerBar replyTo={replyTo} editing={editing?.text} onCancel={props.onCancel} />
        {!editing && props.tray}
        <div className="composer-row">
          {props.onFiles && !editing && <FilePicker onFiles={props.onFiles} />}
          <textarea
            ref={box}
            id="composer"
            rows={1}
            dir="auto"
            aria-label={t('composer.message')}
            placeholder={props.placeholder}
            value={text}
            data-region="composer"
            onChange={(event) => change(event.target.value, event.target.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const files = [...event.clipboardData.files];
              if (files.length === 0 || !props.onFiles || editing) return;
              event.preventDefault();
              props.onFiles(files);
            }}
            onBlur={() => setQuery(undefined)}
          />
          <LimitCount {...limit} max={maxBytes} />
          <IconButton icon="smile" label={t('composer.emoji')} className="wide-only" onClick={(event) => props.onEmoji(event.currentTarget.getBoundingClientRect())} />
          <IconButton icon="send" label={t('composer.send')} className={classes('send')} disabled={!sendable} onMouseDown={(event) => event.preventDefault()} onClick={send} />
        </div>
      </div>
      <ComposerHints />
    </>
  );
}

function completes(
  event: React.KeyboardEvent,
  matches: Nameable[],
  chosen: number,
  choose: (index: number) => void,
  complete: (person: Nameable | undefined) => void,
  leave: () => void,
): boolean {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined) choose((chosen + step + matches.length) % matches.length);
  else if (event.key === 'Tab' || event.key === 'Enter') complete(matches[chosen]);
  else if (event.key === 'Escape') leave();
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

/** Names to offer at once. */
const MAX_MATCHES = 6;

function matching(people: Nameable[], text: string): Nameable[] {
  const wanted = text.toLocaleLowerCase();
  const fits = (person: Nameable) => person.username.startsWith(wanted) || person.name.toLocaleLowerCase().split(/\s+/).some((word) => word.startsWith(wanted));
  return people.filter(fits).slice(0, MAX_MATCHES);
}

/** On a touch keyboard Enter breaks the line, as everywhere there. */
const touchKeyboard = (): boolean => window.matchMedia('(hover: none) and (pointer: coarse)').matches;
