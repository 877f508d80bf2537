// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { defineConfig } from 'vitest/config';

// The steps of a person in a real browser, against a velad that cluster/velaux started; see there.
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['acceptance/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    sequence: { concurrent: false },
    testTimeout: 180_000,
    hookTimeout: 60_000,
    bail: 1,
  },
});
