// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Activity, ActivityKind, Run } from '@/api/schema.gen';

export const kinds: readonly ActivityKind[] = ['action', 'deployment', 'step', 'event', 'access'];

/** What belongs to a run: what names it, and events without a run that happened while it was under way. */
export function ofRun(items: Activity[], run: Run): Activity[] {
  return items.filter((a) => {
    if (a.run) return a.run === run.id;
    if (!run.startedAt) return false;
    return a.at >= run.startedAt && (!run.endedAt || a.at <= run.endedAt);
  });
}

/** Those of a kind; all without one. */
export function ofKind(items: Activity[], kind: ActivityKind | undefined): Activity[] {
  return kind ? items.filter((a) => a.kind === kind) : items;
}
