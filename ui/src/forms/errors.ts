// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { TFunction } from 'i18next';
import i18next from 'i18next';

import type { FormError } from './validate';

/** What is wrong with a field, as a sentence that names it; the server's own sentence in English. */
export function errorText(t: TFunction<'forms'>, error: FormError, label: string): string {
  if (error.message && i18next.language === 'en') return error.message;
  const field = label || t('value');
  const limit = error.params?.limit ?? error.params?.max ?? error.params?.min;
  switch (error.code) {
    case 'too-small':
    case 'too-large':
    case 'too-short':
    case 'too-long':
    case 'not-allowed':
      return limit === undefined ? t(`error.${error.code}`, { field }) : t(`errorLimit.${error.code}`, { field, limit });
    default:
      return t(`error.${error.code}`, { field, defaultValue: error.message ?? error.code });
  }
}

/** The errors below a pointer, with paths that begin there. */
export function errorsBelow(errors: FormError[], pointer: string): FormError[] {
  return errors
    .filter((e) => e.path === pointer || e.path.startsWith(`${pointer}/`))
    .map((e) => ({ ...e, path: e.path.slice(pointer.length) }));
}
