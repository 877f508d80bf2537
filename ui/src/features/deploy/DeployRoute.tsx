// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Navigate, useSearchParams } from 'react-router';

import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';

import { deploySearch } from './address';

/** /deploy is an address of the dialog; the dialog itself stands over a page. */
export function Component() {
  const { ns, app } = useAppParams();
  const [search] = useSearchParams();
  return <Navigate to={{ pathname: paths.config(ns, app), search: deploySearch(search) }} replace />;
}
