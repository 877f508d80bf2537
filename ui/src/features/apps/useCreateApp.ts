// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { api, dataOf } from '@/api/client';
import type { AppCreate } from '@/api/schema.gen';
import { useToast } from '@/components/useToast';

/** Creates an application, held until its first deployment. */
export function useCreateApp(onCreated: (ns: string, app: string) => void) {
  const cache = useQueryClient();
  const toast = useToast();
  const { t } = useTranslation('apps');
  return useMutation({
    mutationFn: async (body: AppCreate) => dataOf(await api().POST('/apps', { body })),
    onSuccess: (app) => {
      void cache.invalidateQueries({ queryKey: ['topic'] });
      void cache.invalidateQueries({ queryKey: ['environments'] });
      toast.done(t('create.done'));
      onCreated(app.namespace, app.name);
    },
  });
}
