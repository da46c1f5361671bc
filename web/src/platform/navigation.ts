// The address bar and the page around it: behind an interface, so that screens can be tried without a browser's history.

export interface Navigation {
  url: () => URL;
  push: (path: string) => void;
  replace: (path: string) => void;
  onChange: (run: () => void) => () => void;
  setTitle: (title: string) => void;
}

export function browserNavigation(): Navigation {
  return {
    url: () => new URL(location.href),
    push: (path) => history.pushState(null, '', path),
    replace: (path) => history.replaceState(null, '', path),
    onChange: (run) => {
      window.addEventListener('popstate', run);
      return () => window.removeEventListener('popstate', run);
    },
    setTitle: (title) => void (document.title = title),
  };
}
