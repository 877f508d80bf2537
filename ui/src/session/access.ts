// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api, dataOf } from '@/api/client';
import type { AccessCheck } from '@/api/schema.gen';

export interface Allowed {
  /** True also while the answer is not there yet: the server decides again when the thing is done. */
  allowed: boolean;
  /** Why not, for a person; undefined where it is allowed. */
  why: string | undefined;
}

/** Asks for several rights at once; the answers come in the order of the checks. */
export function useAccess(checks: AccessCheck[]): Allowed[] {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['access', checks],
    queryFn: async ({ signal }) => dataOf(await api().POST('/access/review', { body: { checks }, signal })).results,
    staleTime: 60_000,
    enabled: checks.length > 0,
  });
  return checks.map((check, i) => {
    const allowed = data?.[i]?.allowed ?? true;
    const right = t('missingRight', { verb: check.verb, resource: check.resource });
    return { allowed, why: allowed ? undefined : t('forbidden', { reason: right }) };
  });
}

const core = 'core.oam.dev';

/** The checks that pages of an application need. */
export const checks = {
  createApp: (namespace: string): AccessCheck => ({ verb: 'create', group: core, resource: 'applications', namespace }),
  updateApp: (namespace: string, name?: string): AccessCheck => ({ verb: 'update', group: core, resource: 'applications', namespace, name }),
  deleteApp: (namespace: string, name?: string): AccessCheck => ({ verb: 'delete', group: core, resource: 'applications', namespace, name }),
  saveWorkflow: (namespace: string): AccessCheck => ({ verb: 'create', group: core, resource: 'workflows', namespace }),
  action: (verb: 'resume' | 'suspend' | 'rollback' | 'terminate' | 'restart', namespace: string): AccessCheck => ({
    verb,
    group: 'release.oam.dev',
    resource: 'releaseactions',
    namespace,
  }),
  exec: (namespace: string): AccessCheck => ({ verb: 'create', group: '', resource: 'pods/exec', namespace }),
  logs: (namespace: string): AccessCheck => ({ verb: 'get', group: '', resource: 'pods/log', namespace }),
} as const;
