// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { api, dataOf } from '@/api/client';
import { useTopic } from '@/stream/StreamProvider';

/** What an application is made of, kept up to date. */
export function useTopology(ns: string, app: string) {
  return useTopic(`topology:${ns}/${app}`, async (signal) =>
    dataOf(await api().GET('/apps/{ns}/{app}/topology', { params: { path: { ns, app } }, signal })),
  );
}
