import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The server a developer's page talks to: `npm run dev` forwards /v1 there.
const server = process.env.TERTULIA_SERVER ?? 'http://127.0.0.1:4666';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    // light-dark(), container queries and field-sizing stay as they are written.
    target: ['chrome123', 'firefox125', 'safari17.5'],
    reportCompressedSize: true,
  },
  server: { proxy: { '/v1': { target: server, ws: true } } },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'mocks/**/*.test.ts'] },
});
