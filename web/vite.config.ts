// How the client is built, tried and tested.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin, Rollup } from 'vite';
import { defineConfig } from 'vitest/config';

// The server a developer's page talks to: `npm run dev` forwards /v1 there.
const server = process.env.TERTULIA_SERVER ?? 'http://127.0.0.1:4666';

/** Fonts for scripts that most pages never show, and languages that most people do not choose, are not kept ahead. */
const onlyWhenAsked = /latin-ext|\/es-/;

/** Writes the service worker, with the names of the files that it keeps. */
function shellWorker(): Plugin {
  return {
    name: 'shell-worker',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = ['/', '/mark.svg', ...Object.keys(bundle).map((name) => `/${name}`)].filter((name) => !name.endsWith('.html') && !onlyWhenAsked.test(name)).sort();
      const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 12);
      const worker = readFileSync(new URL('src/shell-worker.js', import.meta.url), 'utf8');
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: `const FILES = ${JSON.stringify(files)};\nconst VERSION = ${JSON.stringify(version)};\n${worker}` });
    },
  };
}

/** What the page needs before its first room may weigh so much, compressed. */
const FIRST_LOAD_MAX = 200_000;

/** Says what the first load weighs, and fails the build when that is too much. */
function firstLoad(): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    generateBundle(_options, bundle) {
      const names = new Set<string>();
      const take = (name: string) => {
        const file = bundle[name];
        if (!file || names.has(name)) return;
        names.add(name);
        if (file.type === 'chunk') for (const other of file.imports) take(other);
      };
      for (const file of Object.values(bundle)) if ((file.type === 'chunk' && file.isEntry) || /\.(css|html)$|latin-wght.*\.woff2$/.test(file.fileName)) take(file.fileName);
      const bytes = [...names].map((name) => weightOf(bundle[name])).reduce((sum, one) => sum + one, 0);
      this.info(`first load: ${bytes} of ${FIRST_LOAD_MAX} bytes compressed, in ${names.size} files`);
      if (bytes > FIRST_LOAD_MAX) this.error(`the first load weighs ${bytes} bytes compressed, more than ${FIRST_LOAD_MAX}: ${[...names].join(', ')}`);
    },
  };
}

function weightOf(file: Rollup.OutputAsset | Rollup.OutputChunk | undefined): number {
  const content = file?.type === 'chunk' ? file.code : (file?.source ?? '');
  return brotliCompressSync(content).length;
}

export default defineConfig({
  plugins: [react(), shellWorker(), firstLoad()],
  build: {
    outDir: 'dist',
    // light-dark(), container queries and field-sizing stay as they are written.
    target: ['chrome123', 'firefox125', 'safari17.5'],
    reportCompressedSize: true,
  },
  server: { proxy: { '/v1': { target: server, ws: true } } },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'mocks/**/*.test.ts'] },
});
