// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import i18next, { type TFunction } from 'i18next';

import { sentenceIn } from '@/i18n/sentences';

import type { FieldError, Problem, ProblemCode } from './schema.gen';

type Code = ProblemCode | 'network' | 'unexpected';

/** What the server, or the way to it, said instead of an answer. code 'network' is ours: no answer came. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: Code;
  readonly params: Record<string, string>;
  readonly fieldErrors: FieldError[];
  readonly traceId: string | undefined;

  constructor(problem: Omit<Partial<Problem>, 'code'> & { status: number; code: Code }) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.name = 'ProblemError';
    this.status = problem.status;
    this.code = problem.code;
    this.params = problem.params ?? {};
    this.fieldErrors = problem.fieldErrors ?? [];
    this.traceId = problem.traceId;
  }
}

/** Turns a response that is not a success into a ProblemError; one that is no problem document is 'unexpected'. */
export async function problemOf(response: Response): Promise<ProblemError> {
  if (response.headers.get('content-type')?.includes('json')) {
    try {
      const body: unknown = await response.clone().json();
      if (isProblem(body)) return new ProblemError({ ...body, status: response.status });
    } catch {
      // not JSON after all: told below
    }
  }
  return new ProblemError({ status: response.status, code: 'unexpected' });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

/** Wraps whatever was thrown, so that callers deal with one type. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError({ status: 0, code: 'network', detail: error instanceof Error ? error.message : String(error) });
}

/** The sentence for a person, in the language of t; the server's English one where the code is not known here. */
export function problemText(t: TFunction<'problem'>, error: unknown): string {
  const problem = asProblem(error);
  const { code, params, status, message } = problem;
  switch (code) {
    case 'network':
      return t('network');
    case 'unexpected':
      return t('unexpected', { status });
    case 'stale':
      return params.by ? t('code.staleBy', { by: params.by }) : t('code.stale');
    case 'refused':
      return t('code.refused', { message: sentenceIn(i18next, params.message ?? message) });
    default: {
      const text = t(`code.${code}`, { ...params, defaultValue: message });
      // A sentence with a hole is worse than the server's own.
      return text.includes('{{') ? sentenceIn(i18next, message) : text;
    }
  }
}

/** The sentence for one field: the server's own, translated where it is known, else by code. */
export function fieldText(t: TFunction<'problem'>, language: string, error: FieldError): string {
  const said = sentenceIn(i18next, error.message);
  if (language === 'en' || said !== error.message) return said;
  return t(`fieldCode.${error.code}`, { defaultValue: error.message });
}

/** The errors of fields by JSON pointer. */
export function fieldErrorsOf(error: unknown): FieldError[] {
  return error instanceof ProblemError ? error.fieldErrors : [];
}
