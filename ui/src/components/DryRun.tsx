// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation } from '@tanstack/react-query';
import { Button, Modal } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api, dataOf } from '@/api/client';
import type { SpecInput } from '@/api/schema.gen';

import { Loading } from './Loading';
import { ProblemAlert } from './Problem';

const CodeEditor = lazy(async () => ({ default: (await import('@/forms/CodeEditor')).CodeEditor }));

interface Props {
  ns: string;
  app: string;
  /** What to try; without a spec or YAML nothing is asked, because the form shows what is wrong. */
  input: () => SpecInput;
}

/** Shows the objects that a specification would make. */
export function DryRunButton({ ns, app, input }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const run = useMutation({
    mutationFn: async (body: SpecInput) => dataOf(await api().POST('/apps/{ns}/{app}/dry-run', { params: { path: { ns, app } }, body })),
  });
  const start = () => {
    const body = input();
    if (!body.spec && body.yaml === undefined) return;
    setOpen(true);
    run.mutate(body);
  };
  return (
    <>
      <Button onClick={start}>{t('dryRun.button')}</Button>
      <Modal open={open} title={t('dryRun.title')} width={860} onCancel={() => setOpen(false)} footer={null} closable={{ 'aria-label': t('close') }} destroyOnHidden>
        {run.error && <ProblemAlert error={run.error} />}
        {run.isPending && <Loading />}
        {run.data && (
          <>
            <p>{t('dryRun.count', { count: run.data.objects.length })}</p>
            {run.data.warnings.map((w) => (
              <p key={w} role="status">
                {w}
              </p>
            ))}
            <Suspense fallback={<Loading />}>
              <CodeEditor value={run.data.yaml} label={t('dryRun.title')} readOnly />
            </Suspense>
          </>
        )}
      </Modal>
    </>
  );
}
