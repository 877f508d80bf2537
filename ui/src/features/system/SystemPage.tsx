// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Check, System } from '@/api/schema.gen';
import { Page, Panel } from '@/app/Page';
import { useNow } from '@/app/useNow';
import { Glyph, type GlyphName, type Tone } from '@/components/Glyph';
import { Loaded } from '@/components/Loading';
import { Stale } from '@/features/run/Stale';
import { useFormat } from '@/i18n/format';
import { useSentence } from '@/i18n/sentences';

import { useSystem } from './queries';
import styles from './SystemPage.module.css';

const looks: Record<Check['state'], { glyph: GlyphName; tone: Tone }> = {
  failed: { glyph: 'cross', tone: 'failed' },
  warning: { glyph: 'alert', tone: 'waiting' },
  unknown: { glyph: 'question', tone: 'plain' },
  ok: { glyph: 'check', tone: 'done' },
};
const order = Object.keys(looks) as Check['state'][];

/** What is installed, what is missing and how to mend it; the worst comes first. */
export function Component() {
  const { t } = useTranslation('system');
  const system = useSystem();
  return (
    <Page title={t('title')}>
      <Loaded query={system} rows={10}>
        {(data) => (
          <Stale>
            <Versions system={data} />
            <Panel title={t('checks')}>
              <Checks checks={data.checks} />
            </Panel>
          </Stale>
        )}
      </Loaded>
    </Page>
  );
}

function Versions({ system }: { system: System }) {
  const { t } = useTranslation('system');
  const format = useFormat();
  const now = useNow();
  const facts: [string, string][] = [
    ['VelaUX', system.version],
    ['Kubernetes', system.kubernetes ?? t('unknown')],
    [t('since'), format.duration(now.getTime() - new Date(system.startedAt).getTime())],
    [t('streams'), format.number(system.streams)],
    [t('shells'), system.execEnabled ? t('on') : t('off')],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Checks({ checks }: { checks: Check[] }) {
  const { t } = useTranslation('system');
  const say = useSentence();
  const sorted = [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const wrong = checks.filter((c) => c.state === 'failed' || c.state === 'warning').length;
  return (
    <>
      <p>{wrong === 0 ? t('allWell') : t('wrong', { count: wrong })}</p>
      <ul className={styles.checks}>
        {sorted.map((c) => {
          const look = looks[c.state] ?? looks.unknown;
          return (
            <li key={c.id} className={styles.check}>
              <Glyph name={look.glyph} tone={look.tone} />
              <div className={styles.body}>
                <b>{t(`check.${c.id}`, { defaultValue: c.id })}</b> <span className="muted">{t(`state.${c.state}`, { defaultValue: c.state })}</span>
                <div>{say(c.message)}</div>
                {c.mend && (
                  <div className={styles.mend}>
                    <span className="muted">{t('mend')}</span> {say(c.mend)}
                  </div>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}
