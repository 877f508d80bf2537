// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Tooltip } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { ActionKind, Overview, Run } from '@/api/schema.gen';
import { useShortcut } from '@/app/shortcuts';
import { Glyph, type GlyphName } from '@/components/Glyph';
import { checks, useAccess } from '@/session/access';

import styles from './ActionBar.module.css';
import { ActionDialog } from './ActionDialog';
import { useNextText } from './Consequence';
import { offers, type Offer, type WhyNot } from './offers';

interface Props {
  ns: string;
  app: string;
  run: Run;
  overview: Overview;
}

const glyphs: Record<ActionKind, GlyphName> = { resume: 'play', suspend: 'pause', rollback: 'back', terminate: 'stop', restart: 'play' };

/** What can be asked of a release, always within reach; a button that cannot be used says why. */
export function ActionBar({ ns, app, run, overview }: Props) {
  const { t } = useTranslation('run');
  const nextText = useNextText();
  const offered = offers(run, overview);
  const rights = useAccess(offered.map((o) => checks.action(o.action, ns)));
  const [open, setOpen] = useState<Offer | null>(null);
  const whyNot = useWhyNot();
  const reasons = offered.map((offer, i) => rights[i]?.why ?? whyNot(offer.whyNot));

  useShortcut('continue', () => {
    const i = offered.findIndex((o) => o.action === 'resume');
    const offer = offered[i];
    if (offer && !reasons[i]) setOpen(offer);
  });

  if (offered.length === 0 && !open) return null;
  const next = overview.next?.run === run.id ? overview.next : undefined;
  return (
    <>
      <div role="group" aria-label={t('actions')} className={styles.bar}>
        {next && <span className={styles.next}>{nextText(next)}</span>}
        <div className={styles.buttons}>
          {offered.map((offer, i) => (
            <ActionButton key={offer.action} offer={offer} why={reasons[i]} onOpen={() => setOpen(offer)} />
          ))}
        </div>
      </div>
      {open && <ActionDialog ns={ns} app={app} offer={open} run={run} overview={overview} onClose={() => setOpen(null)} />}
    </>
  );
}

/** Stays in the tab order when it cannot be used, so that everybody can find out why. */
function ActionButton({ offer, why, onOpen }: { offer: Offer; why: string | undefined; onOpen: () => void }) {
  const { t } = useTranslation('run');
  const id = useId();
  const { action } = offer;
  return (
    <>
      <Tooltip title={why} trigger={['hover', 'focus']}>
        <Button
          type={action === 'resume' ? 'primary' : 'default'}
          danger={action === 'rollback' || action === 'terminate'}
          className={styles.button}
          icon={<Glyph name={glyphs[action]} size={14} />}
          aria-disabled={why ? true : undefined}
          aria-describedby={why ? id : undefined}
          aria-keyshortcuts={action === 'resume' && !why ? 'c' : undefined}
          onClick={why ? undefined : onOpen}
        >
          {t(`action.${action}`)}
        </Button>
      </Tooltip>
      {why && (
        <span id={id} className="visually-hidden">
          {why}
        </span>
      )}
    </>
  );
}

function useWhyNot(): (why: WhyNot | undefined) => string | undefined {
  const { t } = useTranslation('run');
  return (why) => {
    if (why === undefined) return undefined;
    return typeof why === 'string' ? t(`whyNot.${why}`) : why.sentence || t('whyNot.impossible');
  };
}
