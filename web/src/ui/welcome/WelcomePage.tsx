import type { ReactNode } from 'react';
import { t } from '../../view-models/texts';
import { Floor } from '../parts/Floor';
import { Mark } from '../parts/Mark';

/** The page before the first room: words and one form on one side, the floor on the other. */
export function WelcomePage({ title, text, children }: { title: string; text: ReactNode; children: ReactNode }) {
  return (
    <div className="welcome">
      <main className="welcome-form">
        <div className="brand big-brand">
          <Mark />
          {t('app.name')}
        </div>
        <div className="welcome-words">
          <h1>{title}</h1>
          <p className="muted balanced">{text}</p>
        </div>
        {children}
      </main>
      <Floor />
    </div>
  );
}
