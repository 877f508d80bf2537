// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { AppCreate, FieldError } from '@/api/schema.gen';
import type { FormError } from '@/forms/validate';
import { parseYaml } from '@/forms/yaml';

/** A name of Kubernetes that can be part of a host name (RFC 1123 label). */
export const namePattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** What the first step asks. */
export interface Basic {
  name: string;
  alias?: string;
  description?: string;
  project: string;
  type: string;
  namespace: string;
}

/** The application that the two steps make: one component that is named after it. */
export function appOf(basic: Basic, properties: Record<string, unknown>): AppCreate {
  const { name, alias, description, namespace, type } = basic;
  return {
    namespace,
    name,
    ...(alias ? { alias } : {}),
    ...(description ? { description } : {}),
    spec: { components: [{ name, type, properties }] },
  };
}

const properties = '/spec/components/0/properties';

/** Sorts what the server found wrong into fields of the second step and everything else. */
export function sortErrors(errors: FieldError[]): { properties: FormError[]; others: FieldError[] } {
  return {
    properties: errors.filter((e) => e.path.startsWith(properties)).map((e) => ({ ...e, path: e.path.slice(properties.length) })),
    others: errors.filter((e) => !e.path.startsWith(properties)),
  };
}

/** Name and namespace of an Application in YAML. */
export function identityOf(text: string): { name: string; namespace: string } | undefined {
  const { data } = parseYaml(text);
  if (typeof data !== 'object' || data === null || !('metadata' in data)) return undefined;
  const metadata = data.metadata;
  if (typeof metadata !== 'object' || metadata === null || !('name' in metadata) || typeof metadata.name !== 'string') return undefined;
  const namespace = 'namespace' in metadata && typeof metadata.namespace === 'string' ? metadata.namespace : 'default';
  return { name: metadata.name, namespace };
}

export const exampleYaml = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: my-app
  namespace: default
spec:
  components:
    - name: my-app
      type: webservice
      properties:
        image: nginx:1.27
        ports:
          - port: 80
            expose: true
`;
