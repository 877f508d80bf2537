// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Button } from 'antd';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

import { asProblem, fieldText, problemText } from '@/api/problem';

/** Gives the sentence for whatever was thrown, in the language of the page. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation('problem');
  return useCallback((error) => problemText(t, error), [t]);
}

/** What did not work and why, with each field by name, and a way to try again. */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t, i18n } = useTranslation('problem');
  const { t: common } = useTranslation();
  const problem = asProblem(error);
  return (
    <Alert
      role="alert"
      type="error"
      showIcon
      title={problemText(t, problem)}
      description={
        (problem.fieldErrors.length > 0 || problem.traceId) && (
          <>
            {problem.fieldErrors.length > 0 && (
              <ul>
                {problem.fieldErrors.map((f) => (
                  <li key={f.path + f.code}>{t('field', { field: f.path, message: fieldText(t, i18n.language, f) })}</li>
                ))}
              </ul>
            )}
            {problem.traceId && problem.status >= 500 && <div className="mono">{t('trace', { id: problem.traceId })}</div>}
          </>
        )
      }
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            {common('retry')}
          </Button>
        )
      }
    />
  );
}
