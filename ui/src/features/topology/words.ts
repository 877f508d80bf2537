// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Health, PodState, TopologyNode } from '@/api/schema.gen';
import type { GlyphName, Tone } from '@/components/Glyph';
import { tagOf } from '@/components/AppRows';

const looks: Record<Health, { glyph: GlyphName; tone: Tone }> = {
  Healthy: { glyph: 'check', tone: 'done' },
  Progressing: { glyph: 'ring', tone: 'waiting' },
  Unhealthy: { glyph: 'alert', tone: 'failed' },
  Unknown: { glyph: 'question', tone: 'plain' },
};

/** The shape and the colour of a health; one that this bundle does not know is Unknown. */
export function lookOf(health: string): { glyph: GlyphName; tone: Tone } {
  return looks[health as Health] ?? looks.Unknown;
}

/** The version that a node belongs to, as short as a person says it. */
export function versionOf(node: TopologyNode): string {
  return node.publishVersion ?? node.revision ?? '';
}

/** Sentences about nodes in the language of the page. */
export function useNodeWords() {
  const { t } = useTranslation('topology');
  const { t: status } = useTranslation('status');
  const state = (s: PodState) => status(`pod.${s}`, { defaultValue: s });
  const health = (node: TopologyNode) => (node.state ? state(node.state) : t(`health.${node.health}`, { defaultValue: node.health }));
  const role = (node: TopologyNode) => (node.role ? t(`role.${node.role}`) : '');
  const count = (node: TopologyNode) => (node.pods === undefined ? '' : t('podsReady', { ready: node.readyPods ?? 0, count: node.pods }));
  /** All that is known of a node in one line, for people who listen. */
  const sentence = (node: TopologyNode) =>
    [`${node.kind} ${node.name}`, role(node), versionOf(node), health(node), tagOf(node.image), count(node)].filter(Boolean).join(', ');
  return { health, role, count, sentence };
}
