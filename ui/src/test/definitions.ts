// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Definition, DefinitionSummary, DefinitionType } from '@/api/schema.gen';

import all from '../../../internal/server/catalog/testdata/definitions.json';

/** What the server answers about its types; a test of the server keeps it so. */
export const definitions = all as unknown as Definition[];

export function summaries(type: DefinitionType | null): DefinitionSummary[] {
  return definitions.filter((d) => type === null || d.type === type).map(({ type, name, title, summary, workloads }) => ({ type, name, title, summary, workloads }));
}
