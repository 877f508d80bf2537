// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { yaml } from '@codemirror/lang-yaml';
import { defaultHighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import type { DiffText } from '@/api/schema.gen';
import { styleNonce, useTheme } from '@/theme/ThemeProvider';

import styles from './YamlDiff.module.css';

const folded = { margin: 3, minSize: 6 };
/** Pixels from which there is room for two columns. */
const wide = 860;

/** Two texts side by side, or one under the other where the page is narrow; what is the same is folded. */
export default function YamlDiff({ left, right }: { left: DiffText; right: DiffText }) {
  const { t } = useTranslation('revisions');
  const { scheme } = useTheme();
  const host = useRef<HTMLDivElement>(null);
  const phrases = { '$ unchanged lines': t('unchanged') };
  const words = JSON.stringify(phrases);

  useEffect(() => {
    const parent = host.current;
    if (!parent) return undefined;
    const common = [...readOnly(scheme === 'dark'), EditorState.phrases.of(JSON.parse(words) as Record<string, string>)];
    const named = (name: string): Extension => [...common, EditorView.contentAttributes.of({ 'aria-label': name })];
    if (parent.clientWidth >= wide) {
      const view = new MergeView({
        parent,
        a: { doc: left.yaml, extensions: named(left.title) },
        b: { doc: right.yaml, extensions: named(right.title) },
        collapseUnchanged: folded,
        gutter: true,
      });
      return () => view.destroy();
    }
    const view = new EditorView({
      parent,
      doc: right.yaml,
      extensions: [named(right.title), unifiedMergeView({ original: left.yaml, mergeControls: false, collapseUnchanged: folded, gutter: true })],
    });
    return () => view.destroy();
  }, [left, right, scheme, words]);

  return (
    <>
      <div className={styles.titles}>
        <span className="mono">{left.title}</span>
        <span aria-hidden="true">→</span>
        <span className="mono">{right.title}</span>
      </div>
      <div ref={host} className={styles.diff} />
    </>
  );
}

function readOnly(dark: boolean): Extension[] {
  const nonce = styleNonce();
  return [
    ...(nonce ? [EditorView.cspNonce.of(nonce)] : []),
    lineNumbers(),
    yaml(),
    syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
    EditorState.readOnly.of(true),
    EditorView.lineWrapping,
    EditorView.theme({}, { dark }),
  ];
}
