// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useParams } from 'react-router';

/** The application that the address names. */
export function useAppParams(): { ns: string; app: string } {
  const { ns, app } = useParams();
  if (ns === undefined || app === undefined) throw new Error('this page is below /apps/:ns/:app');
  return { ns, app };
}
