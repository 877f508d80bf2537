// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The server replaces __CSP_NONCE__ in index.html at every request, and the address of <base> where it is served below a path.
export default defineConfig({
  base: './',
  plugins: [react()],
  resolve: {
    tsconfigPaths: true,
    alias: [{ find: /^\.\/useScrollLocker$/, replacement: new URL('./src/theme/useScrollLock.ts', import.meta.url).pathname }],
  },
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': process.env.VELA_SERVER ?? 'http://127.0.0.1:9082' },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 60_000,
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
});
