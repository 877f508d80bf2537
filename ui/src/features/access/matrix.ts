// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { AccessCheck, Role, RoleName } from '@/api/schema.gen';

/** One thing that can be done, and which roles may do it. */
export interface Row {
  key: string;
  verb: string;
  resource: string;
  roles: ReadonlySet<RoleName>;
}

const keyOf = ({ verb, group, resource }: AccessCheck) => `${verb} ${group ? `${resource}.${group}` : resource}`;

/** The rows of the matrix: first what most roles may do, then by resource. */
export function rowsOf(roles: Role[]): Row[] {
  const rows = new Map<string, { verb: string; resource: string; roles: Set<RoleName> }>();
  for (const role of roles) {
    for (const check of role.may) {
      const key = keyOf(check);
      const row = rows.get(key) ?? { verb: check.verb, resource: check.resource, roles: new Set() };
      row.roles.add(role.name);
      rows.set(key, row);
    }
  }
  return [...rows]
    .map(([key, row]) => ({ key, ...row }))
    .sort((a, b) => b.roles.size - a.roles.size || a.resource.localeCompare(b.resource) || a.verb.localeCompare(b.verb));
}
