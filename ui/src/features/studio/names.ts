// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Workflow } from '@/api/schema.gen';

/** What a workflow is called: those that the server makes have a name in every language, saved ones the name they were given. */
export function useWorkflowName(environment: string): (workflow: Pick<Workflow, 'kind' | 'alias' | 'name'>) => string {
  const { t } = useTranslation('studio');
  return (workflow) => {
    if (workflow.kind === 'generated') return t('defaultAlias', { env: environment });
    if (workflow.kind === 'application') return t('applicationAlias');
    return workflow.alias || workflow.name;
  };
}
