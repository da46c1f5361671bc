// Finds the @name that is being typed.
export interface MentionQuery {
  /** Where the @ stands. */
  start: number;
  text: string;
}

/** The @name that is being typed before the caret, if one is. */
export function mentionAt(text: string, caret: number): MentionQuery | undefined {
  const match = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,32})$/u.exec(text.slice(0, caret));
  if (!match) return undefined;
  const typed = match[1] ?? '';
  return { start: caret - typed.length - 1, text: typed };
}
