// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Trait } from '@/api/schema.gen';
import { paths } from '@/app/paths';

const part = encodeURIComponent;

export const componentPath = (ns: string, app: string, component: string) => `${paths.config(ns, app)}/components/${part(component)}`;
export const traitPath = (ns: string, app: string, component: string, trait: string) => `${componentPath(ns, app, component)}/traits/${part(trait)}`;
export const newTraitPath = (ns: string, app: string, component: string) => `${componentPath(ns, app, component)}/traits`;
export const specPath = (ns: string, app: string) => `${paths.config(ns, app)}/yaml`;

/** What a trait says in a few words, such as the number of replicas: its plain values, two at most. */
export function traitSummary(trait: Trait): string {
  const words = Object.values(trait.properties ?? {}).flatMap((value) => {
    if (typeof value === 'string' || typeof value === 'number') return [String(value)];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return Object.entries(value)
        .filter(([, v]) => typeof v === 'string' || typeof v === 'number')
        .map(([k, v]) => `${k} → ${v as string | number}`);
    }
    return [];
  });
  return words.slice(0, 2).join(', ');
}
