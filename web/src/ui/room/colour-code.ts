// A highlighter for everything: comments, strings and the words that most languages keep for themselves.
export interface CodePart {
  kind: '' | 'k' | 's' | 'c';
  text: string;
}

const words =
  'abstract async await break case catch class const continue def default defer do elif else end enum export extends extern false finally fn for from func function go if impl import in interface is lambda let loop match mod module mut new nil none None null of package pass private protected pub public raise ref return self static struct super switch this throw trait true True False try type typeof union unsafe use using var void where while with yield';

const keywords = new Set(words.split(' '));
const token = /(\/\/[^\n]*|(?<=^|\s)#[^\n]*|\/\*[\s\S]*?\*\/|--\s[^\n]*|<!--[\s\S]*?-->)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|([A-Za-z_]\w*)/g;

/** Blocks longer than this are shown plain: colour is not worth a pause. */
const MAX_LENGTH = 20_000;

export function colourCode(text: string): CodePart[] {
  if (text.length > MAX_LENGTH) return [{ kind: '', text }];
  const parts: CodePart[] = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    const kind = match[1] !== undefined ? 'c' : match[2] !== undefined ? 's' : keywords.has(match[3] ?? '') ? 'k' : '';
    if (kind === '') continue;
    if (match.index > from) parts.push({ kind: '', text: text.slice(from, match.index) });
    parts.push({ kind, text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ kind: '', text: text.slice(from) });
  return parts;
}
