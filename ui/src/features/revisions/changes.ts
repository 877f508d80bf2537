// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { TFunction } from 'i18next';

import type { Change } from '@/api/schema.gen';
import { tagOf } from '@/components/AppRows';

/** An image as it differs from another: the tag where the rest is the same, else all of it. */
function imagePair(from: string, to: string): [string, string] {
  const name = (image: string) => image.slice(0, image.length - tagOf(image).length);
  return name(from) === name(to) ? [tagOf(from), tagOf(to)] : [from, to];
}

/** What a difference is about: "canary-demo" or "canary-demo · scaler". */
export function subjectOf(change: Change): string {
  return [change.component, change.trait].filter(Boolean).join(' · ');
}

/** One difference in words, such as "image v1 → v2". */
export function changeText(t: TFunction<'revisions'>, change: Change): string {
  const { op, kind } = change;
  let [from, to] = [change.from ?? '', change.to ?? ''];
  if (kind === 'image' && op === 'changed') [from, to] = imagePair(from, to);
  const what = kind === 'property' || kind === 'policy' ? (change.field ?? change.path) : t(`change.kind.${kind}`);
  switch (op) {
    case 'added':
      return to ? t('change.addedValue', { what, value: to }) : t('change.added', { what });
    case 'removed':
      return from ? t('change.removedValue', { what, value: from }) : t('change.removed', { what });
    case 'changed':
      return from || to ? t('change.changed', { what, from, to }) : t('change.changedOnly', { what });
  }
}
