// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Checkbox, Input, Modal } from 'antd';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

import type { Revision } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useReturnFocus } from '@/app/useReturnFocus';
import { tagOf } from '@/components/AppRows';
import { ChangeList } from '@/components/ChangeList';
import { Loaded } from '@/components/Loading';
import { ProblemAlert } from '@/components/Problem';
import { useToast } from '@/components/useToast';

import { useDiff, useRollbackTo } from './queries';
import styles from './RollbackDialog.module.css';

interface Props {
  ns: string;
  app: string;
  revision: Revision;
  onClose: () => void;
}

/** Says what releasing an older revision again changes, asks why, and leads to the release that does it. */
export function RollbackDialog({ ns, app, revision, onClose }: Props) {
  const { t } = useTranslation('revisions');
  const { t: common } = useTranslation();
  useReturnFocus();
  const navigate = useNavigate();
  const toast = useToast();
  const diff = useDiff(ns, app, { kind: 'deployed' }, { kind: 'revision', revision: revision.name });
  const back = useRollbackTo(ns, app, revision.name);
  const cancel = useRef<HTMLButtonElement>(null);
  const id = useId();
  const [note, setNote] = useState('');
  const [supersede, setSupersede] = useState(false);
  const inTheWay = back.error?.code === 'release-in-progress';
  const name = revision.publishVersion ?? revision.name;

  const go = () =>
    back.mutate(
      { ...(note.trim() ? { note: note.trim() } : {}), ...(supersede ? { supersede } : {}) },
      {
        onSuccess: (run) => {
          toast.done(t('begun', { revision: name }));
          void navigate(paths.run(ns, app, run.id));
        },
      },
    );

  return (
    <Modal
      open
      title={t('ask', { revision: name })}
      onCancel={onClose}
      closable={{ 'aria-label': common('close') }}
      destroyOnHidden
      afterOpenChange={(opened) => opened && cancel.current?.focus()}
      footer={
        <>
          <Button ref={cancel} onClick={onClose}>
            {common('cancel')}
          </Button>
          <Button type="primary" danger loading={back.isPending} disabled={inTheWay && !supersede} onClick={go}>
            {t('rollback')}
          </Button>
        </>
      }
    >
      <p>
        <b>{t('goesTo', { revision: revision.name, tag: tagOf(revision.images?.[0]) })}</b>
      </p>
      <p>{t('how')}</p>
      <h3>{t('changes')}</h3>
      <Loaded query={diff} rows={2}>
        {(d) => <ChangeList changes={d.changes} />}
      </Loaded>
      {back.error && <ProblemAlert error={back.error} />}
      {inTheWay && (
        <Checkbox checked={supersede} onChange={(e) => setSupersede(e.target.checked)}>
          {t('supersede')}
        </Checkbox>
      )}
      <div className={styles.note}>
        <label htmlFor={id}>
          {common('reason')} <span className="muted">({common('optional')})</span>
        </label>
        <Input.TextArea id={id} rows={2} maxLength={1024} value={note} onChange={(e) => setNote(e.target.value)} />
      </div>
    </Modal>
  );
}
