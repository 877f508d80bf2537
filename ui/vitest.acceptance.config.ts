// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Chapters are played in the order of their names, one after the other. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}

// The steps of a person in a real browser, against a velad that cluster/velaux started; see there.
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['acceptance/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    sequence: { concurrent: false, sequencer: InOrder },
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000, interval: 100 } },
    bail: 1,
  },
});
