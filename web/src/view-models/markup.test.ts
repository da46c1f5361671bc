// What people write, read into a tree.
import { describe, expect, it } from 'vitest';
import { namesUser, plainLine, readInline, readMarkup } from './markup';

const kinds = (text: string) => readInline(text).map((node) => node.type);

describe('markup', () => {
  it('reads emphasis, code, links and names', () => {
    expect(readInline('The **Roberts *old* radio**, `C27`, ~~no~~ @clara')).toEqual([
      { type: 'text', text: 'The ' },
      { type: 'bold', children: [{ type: 'text', text: 'Roberts ' }, { type: 'italic', children: [{ type: 'text', text: 'old' }] }, { type: 'text', text: ' radio' }] },
      { type: 'text', text: ', ' },
      { type: 'code', text: 'C27' },
      { type: 'text', text: ', ' },
      { type: 'struck', children: [{ type: 'text', text: 'no' }] },
      { type: 'text', text: ' ' },
      { type: 'mention', username: 'clara', text: '@clara' },
    ]);
  });

  it('leaves alone what only looks like it', () => {
    for (const text of ['2 * 3 * 4', 'snake_case_name', 'a@b.org', '** not **', '`open', 'javascript:alert(1)']) expect(kinds(text)).toEqual(['text']);
  });

  it('keeps stops and brackets out of addresses', () => {
    expect(readInline('(see https://example.org/a_(b)).')[1]).toEqual({ type: 'link', href: 'https://example.org/a_(b)', text: 'https://example.org/a_(b)' });
    expect(readInline('https://example.org, then').map((node) => ('text' in node ? node.text : ''))).toEqual(['https://example.org', ',', ' then']);
  });

  it('reads blocks, and code as it is', () => {
    expect(readMarkup('one\ntwo\n\nthree\n```sh\nrm **-rf**\n\nx\n```\n> quoted\n> more').map((block) => block.type)).toEqual(['paragraph', 'paragraph', 'code', 'quote']);
    expect(readMarkup('```sh\na **b**\n```')).toEqual([{ type: 'code', language: 'sh', text: 'a **b**' }]);
    expect(readMarkup('```\nopen').map((block) => block.type)).toEqual(['paragraph']);
    expect(readMarkup('<img src=x onerror=alert(1)>')).toEqual([{ type: 'paragraph', children: [{ type: 'text', text: '<img src=x onerror=alert(1)>' }] }]);
  });

  it('leaves breaks at the ends of paragraphs away', () => {
    expect(readMarkup('\n\n\none\n\n\n\ntwo\n')).toEqual([{ type: 'paragraph', children: [{ type: 'text', text: 'one' }] }, { type: 'paragraph', children: [{ type: 'text', text: 'two' }] }]);
    expect(readMarkup('\n')).toEqual([]);
  });

  it('says in one line what was said', () => {
    expect(plainLine('**Bold** and\n\n```\ncode\n```')).toBe('Bold and code');
  });

  it('knows who is named', () => {
    expect(namesUser('ask @Clara.', 'clara')).toBe(true);
    expect(namesUser('ask @clara-two', 'clara')).toBe(false);
    expect(namesUser('`@clara`', 'clara')).toBe(false);
    expect(namesUser('clara@example.org', 'example.org')).toBe(false);
  });

  it('comes to an end with anything one can type', () => {
    const nasty = ['*'.repeat(5000), '**a'.repeat(2000), '`'.repeat(4001), '_a_'.repeat(3000), '> '.repeat(3000), '@'.repeat(4000), 'https://'.repeat(1000), 'a' + '\n'.repeat(60_000) + 'b'];
    const began = performance.now();
    for (const text of nasty) readMarkup(text);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
