// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Navigate, Outlet, useLocation } from 'react-router';

import { Loaded } from '@/components/Loading';
import { useMe } from '@/session/session';
import { StreamProvider } from '@/stream/StreamProvider';

import { paths } from './paths';

/** Lets through who is signed in; others go to the login page and come back afterwards. */
export function RequireSession() {
  const me = useMe();
  const location = useLocation();
  if (me.data === null) {
    const from = location.pathname + location.search;
    return <Navigate to={from === '/' ? paths.login : `${paths.login}?${new URLSearchParams({ next: from })}`} replace />;
  }
  return (
    <Loaded query={me} rows={6}>
      {() => (
        <StreamProvider>
          <Outlet />
        </StreamProvider>
      )}
    </Loaded>
  );
}
