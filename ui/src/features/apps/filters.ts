// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { AppSummary } from '@/api/schema.gen';
import type { Sort } from '@/components/DataTable';

/** What the list shows, as it stands in the address. */
export interface Filters {
  ns: string;
  q: string;
  status: string;
  sort: Sort;
}

const usual: Sort = { key: 'name', descending: false };

export function readFilters(search: URLSearchParams): Filters {
  const sort = search.get('sort') ?? '';
  return {
    ns: search.get('ns') ?? '',
    q: search.get('q') ?? '',
    status: search.get('status') ?? '',
    sort: sort === '' ? usual : { key: sort.replace(/^-/, ''), descending: sort.startsWith('-') },
  };
}

/** The address's part for filters; what is usual is left out. */
export function writeFilters({ ns, q, status, sort }: Filters): URLSearchParams {
  const search = new URLSearchParams();
  if (ns) search.set('ns', ns);
  if (q) search.set('q', q);
  if (status) search.set('status', status);
  if (sort.key !== usual.key || sort.descending) search.set('sort', (sort.descending ? '-' : '') + sort.key);
  return search;
}

/** The applications that have the text in their name or in an image, and the status. */
export function matching(apps: AppSummary[], { q, status }: Pick<Filters, 'q' | 'status'>): AppSummary[] {
  const text = q.trim().toLowerCase();
  return apps.filter(
    (app) =>
      (status === '' || app.status.word === status) &&
      (text === '' || [app.name, app.alias, ...app.components.map((c) => c.image)].some((v) => v?.toLowerCase().includes(text))),
  );
}
