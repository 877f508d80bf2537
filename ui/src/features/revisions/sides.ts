// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { DiffSide, Revision } from '@/api/schema.gen';

/** How a side of a comparison stands in the address: "deployed", "stored", or the name of a revision. */
export type SideName = string;

/** The side that a name stands for. */
export function sideOf(name: SideName): DiffSide {
  return name === 'deployed' || name === 'stored' ? { kind: name } : { kind: 'revision', revision: name };
}

/** What is compared when the address names one side or none: a revision with the one before it, the newest by itself. */
export function sidesOf(from: string | null, to: string | null, revisions: Revision[]): { from: SideName; to: SideName } | null {
  const newest = revisions[0];
  if (!newest) return null;
  const right = to ?? newest.name;
  const older = revisions.slice(revisions.findIndex((r) => r.name === right) + 1)[0];
  const left = from ?? (right === 'stored' ? 'deployed' : older?.name);
  return left === undefined || left === right ? null : { from: left, to: right };
}
