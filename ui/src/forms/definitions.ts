// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import type { Definition, DefinitionType, Words } from '@/api/schema.gen';
import type { Language } from '@/i18n/i18n';

/** The types of one sort, such as all traits. */
export function useDefinitions(type: DefinitionType) {
  return useQuery({
    queryKey: ['definitions', type],
    queryFn: async ({ signal }) => dataOf(await api().GET('/definitions', { params: { query: { type } }, signal })).items,
    staleTime: 300_000,
  });
}

/** One type with its schema; none while the name is empty. */
export function useDefinition(type: DefinitionType, name: string) {
  return useQuery({
    queryKey: ['definition', type, name],
    queryFn: async ({ signal }) => dataOf(await api().GET('/definitions/{type}/{name}', { params: { path: { type, name } }, signal })),
    staleTime: 300_000,
    enabled: name !== '',
  });
}

/** Words in the language of the page. */
export function inWords(words: Words | undefined, language: string): string {
  return words?.[language as Language] || words?.en || '';
}

/** What a property is called: the definition's label, else the last part of the pointer, made readable. */
export function labelOf(definition: Pick<Definition, 'i18n'>, language: string, pointer: string): string {
  const generic = pointer.replace(/\/\d+(?=\/|$)/g, '/items');
  const label = definition.i18n[language]?.[generic] ?? definition.i18n.en?.[generic];
  if (label) return label;
  const parts = pointer.split('/').filter((p) => p !== '' && p !== 'items' && !/^\d+$/.test(p));
  return readable((parts.at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** imagePullPolicy becomes "Image pull policy". */
export function readable(key: string): string {
  const spaced = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
