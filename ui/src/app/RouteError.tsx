// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { isRouteErrorResponse, useRouteError } from 'react-router';

import { NotFound } from './NotFound';
import { Page } from './Page';

/** What a page that failed shows instead: a broken chunk means that the server was updated, anything else is ours to mend. */
export function RouteError() {
  const error = useRouteError();
  const { t } = useTranslation();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  const updated = isChunkError(error);
  return (
    <Page title={updated ? t('crash.chunkTitle') : t('crash.title')}>
      <p>{updated ? t('crash.chunkText') : t('crash.text')}</p>
      <p>
        <Button type="primary" onClick={() => window.location.reload()}>
          {t('reload')}
        </Button>
      </p>
      {!updated && <pre className="mono">{error instanceof Error ? error.message : String(error)}</pre>}
    </Page>
  );
}

/** A page's chunk that is not there any more. */
function isChunkError(error: unknown): boolean {
  return error instanceof TypeError && /dynamically imported module|module script/i.test(error.message);
}
