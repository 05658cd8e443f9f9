import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // One file, about 235 kB when compressed, from this machine: splitting it would only add round trips.
  build: {
    chunkSizeWarningLimit: 800,
    // These know light-dark() and nesting; for older ones the minifier would rewrite it into what Mantine undoes.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
  // For work on the page: `vite sandbox/web`, beside a sandbox on its usual port.
  server: { host: '127.0.0.1', proxy: { '/sandbox': 'http://127.0.0.1:8081' } },
});
