// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { defineConfig } from 'vitest/config';

// The built pages in a real browser, on top of a server that is a table: npm run build && npm run test:browser.
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['browser/**/*.test.ts'],
    environment: 'node',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
