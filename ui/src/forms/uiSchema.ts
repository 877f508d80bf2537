// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { RJSFSchema, UiSchema } from '@rjsf/utils';

import type { Definition } from '@/api/schema.gen';

import { labelOf } from './definitions';
import { pointerOf } from './pointer';

interface Hint {
  order?: number;
  advanced?: boolean;
  widget?: string;
}

const widgets: Record<string, string> = { text: 'text', image: 'text', cpu: 'text', memory: 'text', textarea: 'textarea', number: 'updown', select: 'select', switch: 'checkbox' };

/** More properties than this at the top are too many to show at once where the definition does not say which are advanced. */
const many = 6;

export interface Layout {
  schema: RJSFSchema;
  uiSchema: UiSchema;
  /** Properties that are not shown. */
  hidden: number;
}

/**
 * What the form shows of a definition: the properties in the definition's order with labels in the person's language; the advanced
 * ones only if all is asked for or they have a value. Validation goes by the whole schema, not by this one.
 */
export function layout(definition: Definition, language: string, data: Record<string, unknown>, all: boolean): Layout {
  const schema = definition.jsonSchema as RJSFSchema;
  const hints = definition.uiSchema as Record<string, Hint>;
  const hinted = Object.keys(hints).length > 0;
  const properties = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required);
  const advanced = (key: string) =>
    hinted ? hints[pointerOf([key])]?.advanced === true : properties.length > many && !required.has(key);
  const shown = properties.filter(([key]) => all || required.has(key) || data[key] !== undefined || !advanced(key));
  const rank = (key: string) => hints[pointerOf([key])]?.order ?? (required.has(key) ? 100 : 200);
  shown.sort(([a], [b]) => rank(a) - rank(b));
  return {
    schema: explained({ ...schema, properties: Object.fromEntries(shown) }, definition.help?.[language] ?? {}, []),
    uiSchema: uiOf(definition, language, { ...schema, properties: Object.fromEntries(shown) }, []),
    hidden: properties.length - shown.length,
  };
}

/** The schema with the explanations of a language in the place of its own, where there are any. */
function explained(schema: RJSFSchema, help: Record<string, string>, at: string[]): RJSFSchema {
  const own = help[pointerOf(at)];
  const below = (child: RJSFSchema | boolean, ...path: string[]) => (typeof child === 'object' ? explained(child, help, [...at, ...path]) : child);
  return {
    ...schema,
    ...(own && { description: own }),
    ...(schema.properties && { properties: Object.fromEntries(Object.entries(schema.properties).map(([key, child]) => [key, below(child as RJSFSchema, key)])) }),
    ...(typeof schema.items === 'object' && !Array.isArray(schema.items) && { items: below(schema.items as RJSFSchema, 'items') }),
  };
}

/** The language of the explanation that a field has, for people who listen. */
export function helpLanguage(uiSchema: UiSchema | undefined): string | undefined {
  return (uiSchema?.['ui:options'] as { helpLanguage?: string } | undefined)?.helpLanguage;
}

function uiOf(definition: Definition, language: string, schema: RJSFSchema, at: string[]): UiSchema {
  const pointer = pointerOf(at);
  const hint = (definition.uiSchema as Record<string, Hint>)[pointer];
  const ui: UiSchema = {};
  if (at.length > 0) ui['ui:title'] = labelOf(definition, language, pointer);
  if (schema.description) ui['ui:options'] = { helpLanguage: definition.help?.[language]?.[pointer] ? language : 'en' };
  const widget = hint?.widget && widgets[hint.widget];
  if (widget && schema.type !== 'object' && schema.type !== 'array') ui['ui:widget'] = widget;
  if (schema.default !== undefined && typeof schema.default !== 'object') ui['ui:placeholder'] = String(schema.default);
  if (isMap(schema)) ui['ui:field'] = 'map';
  // What has to be filled in comes first; the definition says in which order the properties at the top come.
  if (at.length > 0 && schema.required?.length) ui['ui:order'] = [...schema.required, '*'];
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if (typeof child === 'object') ui[key] = uiOf(definition, language, child as RJSFSchema, [...at, key]);
  }
  if (typeof schema.items === 'object' && !Array.isArray(schema.items)) {
    ui.items = uiOf(definition, language, schema.items as RJSFSchema, [...at, 'items']);
  }
  return ui;
}

/** An object whose keys are free. */
function isMap(schema: RJSFSchema): boolean {
  return schema.type === 'object' && typeof schema.additionalProperties === 'object' && Object.keys(schema.properties ?? {}).length === 0;
}

/** Data without what says nothing: undefined, and objects and lists that became empty by it. */
export function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned).filter((v) => v !== undefined);
  if (typeof value !== 'object' || value === null) return value === '' ? undefined : (value ?? undefined);
  const entries = Object.entries(value)
    .map(([k, v]) => [k, pruned(v)] as const)
    .filter(([, v]) => v !== undefined && !isEmpty(v));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
