// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';

import { api, dataOf } from '@/api/client';
import type { AccessMatrix, Grant, Role } from '@/api/schema.gen';
import { Page, Panel } from '@/app/Page';
import { DataTable, type Column } from '@/components/DataTable';
import { Glyph } from '@/components/Glyph';
import { Loaded } from '@/components/Loading';
import { useEnvironments } from '@/features/apps/queries';
import { useMe } from '@/session/session';

import styles from './AccessPage.module.css';
import { rowsOf } from './matrix';

/** Which role may do what, and who has which role; the roles are Kubernetes', nothing is stored here. */
export function Component() {
  const { t } = useTranslation('access');
  const { t: apps } = useTranslation('apps');
  const [search, setSearch] = useSearchParams();
  const ns = search.get('ns') ?? '';
  const environments = useEnvironments();
  const matrix = useQuery({
    queryKey: ['access-matrix', ns],
    queryFn: async ({ signal }) => dataOf(await api().GET('/access/matrix', { params: { query: ns ? { ns } : {} }, signal })),
  });
  return (
    <Page
      title={t('title')}
      actions={
        <Select
          aria-label={apps('namespace')}
          value={ns}
          onChange={(value) => setSearch(value ? { ns: value } : {}, { replace: true })}
          options={[{ value: '', label: apps('anyNamespace') }, ...(environments.data ?? []).map((e) => ({ value: e.namespace, label: e.namespace }))]}
          className={styles.select}
        />
      }
    >
      <Mine />
      <Loaded query={matrix} rows={10}>
        {(data) => <Sections matrix={data} />}
      </Loaded>
    </Page>
  );
}

/** Who the person is for Kubernetes. */
function Mine() {
  const { t } = useTranslation('access');
  const me = useMe();
  if (!me.data) return null;
  return (
    <p className={styles.mine}>
      {t('you', { user: me.data.kubernetesUser })} {me.data.roles && me.data.roles.length > 0 ? t('yourRoles', { roles: me.data.roles.map((r) => t(`role.${r}`)).join(', ') }) : t('noRoles')}
    </p>
  );
}

function Sections({ matrix }: { matrix: AccessMatrix }) {
  const { t } = useTranslation('access');
  const missing = matrix.roles.filter((r) => !r.installed);
  return (
    <>
      {missing.length > 0 && <p className={styles.missing}>{t('missing', { roles: missing.map((r) => r.clusterRole).join(', ') })}</p>}
      <Panel title={t('grants')}>
        <Grants grants={matrix.grants} />
      </Panel>
      <Panel title={t('matrix')}>
        <Matrix roles={matrix.roles} />
      </Panel>
    </>
  );
}

function Matrix({ roles }: { roles: Role[] }) {
  const { t } = useTranslation('access');
  const { t: common } = useTranslation();
  return (
    // A wide table is scrolled by keys, so it takes the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.frame} role="group" aria-label={t('matrix')} tabIndex={0}>
      <table aria-label={t('matrix')} className={styles.matrix}>
        <thead>
          <tr>
            <th scope="col">{t('action')}</th>
            {roles.map((r) => (
              <th key={r.name} scope="col" title={r.clusterRole}>
                {t(`role.${r.name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(roles).map((row) => (
            <tr key={row.key}>
              <th scope="row">
                {t(`may.${row.resource.replaceAll('/', '-')}.${row.verb}`, { defaultValue: t('may.other', { verb: row.verb, resource: row.resource }) })}{' '}
                <span className="mono muted">{row.key}</span>
              </th>
              {roles.map((r) => (
                <td key={r.name}>
                  {row.roles.has(r.name) ? <Glyph name="check" tone="done" /> : <span aria-hidden="true">–</span>}
                  <span className="visually-hidden">{row.roles.has(r.name) ? common('yes') : common('no')}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Grants({ grants }: { grants: Grant[] }) {
  const { t } = useTranslation('access');
  const { t: common } = useTranslation();
  const columns: Column<Grant>[] = [
    { key: 'subject', header: t('subject'), rowHeader: true, sort: (g) => g.subject, cell: (g) => <span className="mono">{g.subject}</span> },
    { key: 'kind', header: t('kind'), sort: (g) => g.subjectKind, cell: (g) => t(`subjectKind.${g.subjectKind}`) },
    { key: 'role', header: t('roleHeader'), sort: (g) => g.role, cell: (g) => t(`role.${g.role}`) },
    { key: 'ns', header: common('namespace'), sort: (g) => g.namespace ?? '', cell: (g) => g.namespace || t('everywhere') },
  ];
  return <DataTable label={t('grants')} columns={columns} rows={grants} rowKey={(g) => `${g.role} ${g.namespace} ${g.subjectKind} ${g.subject}`} empty={t('noGrants')} />;
}
