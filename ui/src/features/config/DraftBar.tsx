// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';

import { api, dataOf } from '@/api/client';
import type { App } from '@/api/schema.gen';
import { ChangeList } from '@/components/ChangeList';
import { useProblemText } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import type { DraftState } from '@/features/app/useDraft';

import styles from './ConfigPage.module.css';

/** What was changed and not deployed yet, and the ways out of it. */
export function DraftBar({ app, draft }: { app: App; draft: DraftState }) {
  const { t } = useTranslation('config');
  const confirm = useConfirm();
  const problemText = useProblemText();
  const path = { ns: app.namespace, app: app.name };
  const diff = useQuery({
    queryKey: ['diff', path, app.spec, draft.spec],
    queryFn: async ({ signal }) =>
      dataOf(
        await api().POST('/apps/{ns}/{app}/diff', {
          params: { path },
          body: { left: { kind: 'stored' }, right: { kind: 'draft', spec: draft.spec } },
          signal,
        }),
      ),
  });
  const discard = async () => {
    if (await confirm({ title: t('discard.title'), content: t('discard.text'), ok: t('discard.ok'), danger: true })) draft.discard();
  };
  return (
    <section className={styles.bar} aria-label={t('draft')}>
      <div>
        <b>{draft.standing === 'conflict' ? t('conflict.title') : t('draft')}</b>
        {draft.standing === 'conflict' && <p>{t('conflict.text')}</p>}
        {diff.data && diff.data.changes.length > 0 && <ChangeList changes={diff.data.changes} />}
        {diff.error && <p>{problemText(diff.error)}</p>}
      </div>
      <div className={styles.barActions}>
        {draft.standing === 'conflict' && <Button onClick={draft.rebase}>{t('conflict.keep')}</Button>}
        <Button onClick={() => void discard()}>{draft.standing === 'conflict' ? t('conflict.drop') : t('discard.button')}</Button>
      </div>
    </section>
  );
}
