// Tells those who look that something is different: once for all that happened in one turn.

export class Changes {
  /** Grows with every change. */
  version = 0;
  private listeners = new Set<() => void>();
  private due = false;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  raise = (): void => {
    this.version++;
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      for (const listener of [...this.listeners]) listener();
    });
  };
}
