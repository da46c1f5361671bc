// Where a part of the page fails to draw or to load, the rest stays, and one can load it again.
import { Component, type ReactNode } from 'react';
import { t } from '../../view-models/texts';

export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="stage">
        <div className="empty" role="alert">
          <h1>{t('error.part')}</h1>
          <p>{t('error.part_text')}</p>
          <button type="button" className="btn primary" onClick={() => location.reload()}>
            {t('error.reload')}
          </button>
        </div>
      </main>
    );
  }
}
