// Draws what markup.ts read. Code is highlighted by code that is loaded when the first block of code appears.
import { memo, useMemo, type ReactNode } from 'react';
import { readMarkup, type Inline } from '../../view-models/markup';
import { classes } from '../parts/classes';
import { CodeBlock } from './CodeBlock';

interface Props {
  text: string;
  myUsername: string;
  /** What stands after the last word: "edited". */
  after?: ReactNode;
  onMention: (username: string) => void;
}

export const Markup = memo(function Markup({ text, myUsername, after, onMention }: Props) {
  const blocks = useMemo(() => readMarkup(text), [text]);
  const last = blocks.length - 1;
  const endsInWords = blocks[last]?.type === 'paragraph';
  const inline = (nodes: Inline[]) => nodes.map((node, index) => <InlineNode key={index} node={node} myUsername={myUsername} onMention={onMention} />);
  return (
    <>
      {blocks.map((block, index) => {
        if (block.type === 'code') return <CodeBlock key={index} language={block.language} text={block.text} />;
        if (block.type === 'quote')
          return (
            <blockquote key={index} className="cited" dir="auto">
              {inline(block.children)}
            </blockquote>
          );
        return (
          <p key={index}>
            {inline(block.children)}
            {index === last && after && <> {after}</>}
          </p>
        );
      })}
      {!endsInWords && after && <p>{after}</p>}
    </>
  );
});

function InlineNode({ node, myUsername, onMention }: { node: Inline; myUsername: string; onMention: (username: string) => void }): ReactNode {
  const inner = (nodes: Inline[]) => nodes.map((child, index) => <InlineNode key={index} node={child} myUsername={myUsername} onMention={onMention} />);
  switch (node.type) {
    case 'text':
      return node.text.split('\n').map((line, index) => (index === 0 ? line : [<br key={index} />, line]));
    case 'bold':
      return <b>{inner(node.children)}</b>;
    case 'italic':
      return <em>{inner(node.children)}</em>;
    case 'struck':
      return <s>{inner(node.children)}</s>;
    case 'code':
      return <code>{node.text}</code>;
    case 'link':
      return (
        <a href={node.href} target="_blank" rel="noreferrer noopener nofollow">
          {node.text}
        </a>
      );
    case 'mention':
      return (
        <a
          className={classes('mention', node.username === myUsername && 'you')}
          href={`/people/@${node.username}`}
          onClick={(event) => {
            event.preventDefault();
            onMention(node.username);
          }}
        >
          {node.text}
        </a>
      );
  }
}
