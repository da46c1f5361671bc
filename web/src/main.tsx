// The client in a browser: puts platform, storage and models together and draws them.
import { createRoot } from 'react-dom/client';
import { browserNavigation } from './platform/navigation';
import { browserPlatform } from './platform/browser';
import { keepShell } from './platform/shell';
import { openStorage } from './storage/indexed-db';
import { App } from './ui/App';
import { AppContext } from './ui/use-model';
import './ui/look';
import { AppModel } from './view-models/app-model';

keepShell();

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');

const app = new AppModel({
  server: location.origin,
  platform: browserPlatform(),
  storage: await openStorage(globalThis.indexedDB),
  navigation: browserNavigation(),
  localStorage: globalThis.localStorage,
  root: document.documentElement,
  browserLanguages: navigator.languages,
});

createRoot(root).render(
  <AppContext value={app}>
    <App />
  </AppContext>,
);

await app.start();
