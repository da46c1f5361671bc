// What people write, read into a small tree: paragraphs, quotes, code, and inside them emphasis, links and names.
// Never HTML: ui/room/Markup.tsx draws the tree, so nothing that was typed can become an element.

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'bold' | 'italic' | 'struck'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'link'; href: string; text: string }
  | { type: 'mention'; username: string; text: string };

export type Block =
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'quote'; children: Inline[] }
  | { type: 'code'; language: string; text: string };

/** Nesting beyond this stays plain text. */
const MAX_DEPTH = 4;

export function readMarkup(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let plain: string[] = [];
  const flush = () => {
    const joined = plain.join('\n');
    plain = [];
    for (const part of joined.split(/\n{2,}/).map(withoutBreaks)) if (part !== '') blocks.push({ type: 'paragraph', children: readInline(part) });
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const fence = /^```(\S*)\s*$/.exec(line);
    const end = fence ? lines.indexOf('```', i + 1) : -1;
    if (fence && end > 0) {
      flush();
      blocks.push({ type: 'code', language: fence[1] ?? '', text: lines.slice(i + 1, end).join('\n') });
      i = end;
    } else if (line.startsWith('> ')) {
      flush();
      const quoted = [line.slice(2)];
      while (lines[i + 1]?.startsWith('> ')) quoted.push((lines[++i] ?? '').slice(2));
      blocks.push({ type: 'quote', children: readInline(quoted.join('\n')) });
    } else plain.push(line);
  }
  flush();
  return blocks;
}

/** Without a break at either end: two in a row have been split at already. */
const withoutBreaks = (text: string): string => text.slice(text.startsWith('\n') ? 1 : 0, text.endsWith('\n') ? -1 : undefined);

// The alternatives in their order of strength: code swallows all, links before emphasis.
const token =
  /(`+)(.+?)\1(?!`)|(https?:\/\/[^\s<>"']+)|\*\*(\S(?:.*?\S)?)\*\*|__(\S(?:.*?\S)?)__|~~(\S(?:.*?\S)?)~~|(?<![\w*])\*([^\s*](?:[^*\n]*?[^\s*])?)\*(?![\w*])|(?<!\w)_(\S(?:[^_\n]*?\S)?)_(?!\w)|(?<![\p{L}\p{N}@/])@([\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?)/gsu;

export function readInline(text: string, depth = 0): Inline[] {
  const nodes: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    const node = nodeOf(match, depth);
    if (!node) continue;
    if (match.index > from) nodes.push({ type: 'text', text: text.slice(from, match.index) });
    nodes.push(node.node);
    from = match.index + match[0].length;
    if (node.rest) nodes.push({ type: 'text', text: node.rest });
  }
  if (from < text.length) nodes.push({ type: 'text', text: text.slice(from) });
  return nodes;
}

function nodeOf(match: RegExpMatchArray, depth: number): { node: Inline; rest?: string } | undefined {
  const [, , code, link, bold, bold2, struck, italic, italic2, mention] = match;
  if (code !== undefined) return { node: { type: 'code', text: code.trim() === '' ? code : code.replace(/^ (.+) $/, '$1') } };
  if (link !== undefined) return linkOf(link);
  if (mention !== undefined) return { node: { type: 'mention', username: mention.toLowerCase(), text: `@${mention}` } };
  if (depth >= MAX_DEPTH) return undefined;
  const inner = (type: 'bold' | 'italic' | 'struck', text: string) => ({ node: { type, children: readInline(text, depth + 1) } });
  if (bold !== undefined || bold2 !== undefined) return inner('bold', bold ?? bold2 ?? '');
  if (struck !== undefined) return inner('struck', struck);
  return inner('italic', italic ?? italic2 ?? '');
}

/** A stop or a bracket that nothing opened belongs to the sentence, not to the address. */
function linkOf(text: string): { node: Inline; rest?: string } | undefined {
  let end = text.length;
  let open = (text.match(/\(/g)?.length ?? 0) - (text.match(/\)/g)?.length ?? 0);
  for (; end > 0; end--) {
    const last = text[end - 1] ?? '';
    if (last === ')' && open < 0) open++;
    else if (!'.,;:!?'.includes(last)) break;
  }
  const href = text.slice(0, end);
  if (!URL.canParse(href)) return undefined;
  const node: Inline = { type: 'link', href, text: href };
  return end < text.length ? { node, rest: text.slice(end) } : { node };
}

/** One line for the room list and quotes: the words without their marks. */
export function plainLine(text: string): string {
  const known = lines.get(text) ?? flatten(text);
  if (lines.size > KEPT_LINES) lines.clear();
  lines.set(text, known);
  return known;
}

/** The list asks for the same lines whenever anything happens. */
const lines = new Map<string, string>();
const KEPT_LINES = 2000;

function flatten(text: string): string {
  const flat = (nodes: Inline[]): string => nodes.map((node) => ('children' in node ? flat(node.children) : node.text)).join('');
  return readMarkup(text)
    .map((block) => ('children' in block ? flat(block.children) : block.text))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
}

export function namesUser(text: string, username: string): boolean {
  const has = (nodes: Inline[]): boolean =>
    nodes.some((node) => (node.type === 'mention' ? node.username === username.toLowerCase() : 'children' in node && has(node.children)));
  return username !== '' && text.includes('@') && readMarkup(text).some((block) => 'children' in block && has(block.children));
}
