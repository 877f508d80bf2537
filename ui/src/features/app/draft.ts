// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { hashKey } from '@tanstack/react-query';

import type { ApplicationSpec, Component, Trait } from '@/api/schema.gen';

/** A specification that a person changed and did not deploy yet; it stays in their browser. */
export interface Draft {
  /** The stored specification that the changes began from. */
  base: ApplicationSpec;
  spec: ApplicationSpec;
}

/** Says whether two values are the same, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  return hashKey([a]) === hashKey([b]);
}

/** How a draft stands to what is stored now. */
export type Standing = 'none' | 'changed' | 'conflict';

/** A draft that says what is stored is none; one that began from something else than what is stored now is a conflict. */
export function standing(draft: Draft | null, stored: ApplicationSpec): Standing {
  if (!draft || same(draft.spec, stored)) return 'none';
  return same(draft.base, stored) ? 'changed' : 'conflict';
}

/** Reads what the browser keeps; anything that is not a draft is none. */
export function parseDraft(text: string | null): Draft | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isDraft(value) ? value : null;
  } catch {
    return null;
  }
}

function isDraft(value: unknown): value is Draft {
  const has = (v: unknown): boolean => typeof v === 'object' && v !== null && 'components' in v && Array.isArray(v.components);
  return typeof value === 'object' && value !== null && 'base' in value && 'spec' in value && has(value.base) && has(value.spec);
}

export function withComponent(spec: ApplicationSpec, name: string, change: (component: Component) => Component): ApplicationSpec {
  return { ...spec, components: spec.components.map((c) => (c.name === name ? change(c) : c)) };
}

/** Sets the trait of a type; a component has each type once. */
export function withTrait(component: Component, trait: Trait): Component {
  const traits = component.traits ?? [];
  const there = traits.some((t) => t.type === trait.type);
  return { ...component, traits: there ? traits.map((t) => (t.type === trait.type ? trait : t)) : [...traits, trait] };
}

export function withoutTrait(component: Component, type: string): Component {
  return { ...component, traits: (component.traits ?? []).filter((t) => t.type !== type) };
}
