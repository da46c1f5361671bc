// A remark in a box, with a drawing before it.
import type { ReactNode } from 'react';
import { classes } from './classes';
import { Icon } from './Icon';

export function Note({ icon, kind, children }: { icon: string; kind?: 'call' | 'danger' | undefined; children: ReactNode }) {
  return (
    <div className={classes('note', kind)}>
      <Icon name={icon} />
      <span>{children}</span>
    </div>
  );
}
