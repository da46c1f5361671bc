// How components follow the models: drawn again when something was raised, and once a minute for what says "ago".
import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { Client } from '../client/client';
import type { Changes } from '../client/changes';
import type { AppModel } from '../view-models/app-model';

export function useChanges(changes: Changes): number {
  return useSyncExternalStore(changes.subscribe, useCallback(() => changes.version, [changes]));
}

export const AppContext = createContext<AppModel | undefined>(undefined);

export function useApp(): AppModel {
  const app = useContext(AppContext);
  if (!app) throw new Error('no app around this component');
  useChanges(app.changes);
  return app;
}

/** The client, for screens that are only drawn when somebody is signed in. */
export function useClient(): Client {
  const { client } = useApp();
  if (!client) throw new Error('nobody is signed in');
  return client;
}

const MINUTE_MS = 60_000;

export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, Date.now());
}

/** Whether a media query holds, and again when that changes. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (run: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', run);
      return () => media.removeEventListener('change', run);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** Whether somebody looks at the page. */
export function useLooking(): boolean {
  const look = () => document.visibilityState === 'visible' && document.hasFocus();
  const subscribe = useCallback((run: () => void) => {
    const events = ['focus', 'blur'] as const;
    for (const event of events) window.addEventListener(event, run);
    document.addEventListener('visibilitychange', run);
    return () => {
      for (const event of events) window.removeEventListener(event, run);
      document.removeEventListener('visibilitychange', run);
    };
  }, []);
  return useSyncExternalStore(subscribe, look);
}
