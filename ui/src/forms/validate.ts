// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema';

import type { FieldError, FieldErrorCode } from '@/api/schema.gen';

import { parsePointer, pointerOf, valueAt } from './pointer';

/** What is wrong with one field. message is there where the server said it. */
export type FormError = Omit<FieldError, 'message'> & { message?: string };

const codes: Record<string, FieldErrorCode> = {
  required: 'required',
  false: 'unknown-field',
  type: 'wrong-type',
  enum: 'not-allowed',
  const: 'not-allowed',
  minimum: 'too-small',
  exclusiveMinimum: 'too-small',
  maximum: 'too-large',
  exclusiveMaximum: 'too-large',
  minLength: 'too-short',
  minItems: 'too-short',
  minProperties: 'too-short',
  maxLength: 'too-long',
  maxItems: 'too-long',
  maxProperties: 'too-long',
  pattern: 'format',
  format: 'format',
  multipleOf: 'format',
  uniqueItems: 'duplicate',
  anyOf: 'invalid',
  oneOf: 'invalid',
  not: 'invalid',
};

/**
 * What is wrong with data against a JSON schema, a line for each field, without compiling code (the page's security policy
 * forbids it). path is a JSON pointer into data.
 */
export function validate(schema: object, data: unknown): FormError[] {
  const { errors } = new Validator(schema as Schema, '2020-12', false).validate(data ?? null);
  const found = new Map<string, FormError>();
  for (const unit of errors) {
    const error = errorOf(schema, unit);
    if (error && !found.has(error.path)) found.set(error.path, error);
  }
  return [...found.values()];
}

/** One unit of the validator's output as an error of a field; units that only lead to others are none. */
function errorOf(schema: object, unit: OutputUnit): FormError | undefined {
  const code = codes[unit.keyword];
  if (code === undefined) return undefined;
  const at = parsePointer(unit.instanceLocation);
  if (unit.keyword === 'required') {
    const missing = /"(.*)"/.exec(unit.error)?.[1];
    return missing === undefined ? undefined : { path: pointerOf([...at, missing]), code };
  }
  const limit = valueAt(schema, parsePointer(unit.keywordLocation));
  const params: Record<string, string> = {};
  if (typeof limit === 'number' || typeof limit === 'string') params.limit = String(limit);
  if (Array.isArray(limit)) params.limit = limit.join(', ');
  return { path: pointerOf(at), code, params };
}
