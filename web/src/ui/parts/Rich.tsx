// A text of the catalogue with nodes in its holes: names in bold, buttons inside a sentence.
import { Fragment, type ReactNode } from 'react';
import { template, type TextKey } from '../../view-models/texts';

export function Rich({ id, with: nodes, n }: { id: TextKey; with: Record<string, ReactNode>; n?: number }) {
  const parts = template(id, n === undefined ? {} : { n }).split(/\{(\w+)\}/);
  return parts.map((part, index) => <Fragment key={index}>{index % 2 === 1 ? (nodes[part] ?? (part === 'n' ? n : '')) : part}</Fragment>);
}
