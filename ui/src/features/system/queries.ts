// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { api, dataOf } from '@/api/client';
import { useTopic } from '@/stream/StreamProvider';

/** The state of the installation, kept up to date. */
export function useSystem() {
  return useTopic('system', async (signal) => dataOf(await api().GET('/system', { signal })));
}
