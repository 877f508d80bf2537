// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { closeBrackets } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, defaultHighlightStyle, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Compartment } from '@codemirror/state';
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

import { styleNonce, useTheme } from '@/theme/ThemeProvider';

import styles from './forms.module.css';
import type { Mark } from './yaml';

interface Props {
  value: string;
  onChange?: (text: string) => void;
  label: string;
  describedBy?: string;
  marks?: Mark[];
  readOnly?: boolean;
  /** Gets a function that goes to a place of the text. */
  onReady?: (goTo: (offset: number) => void) => void;
  minHeight?: number;
}

const dark = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: '#7cc4f3' },
  { tag: [tags.string, tags.special(tags.string)], color: '#f5bd47' },
  { tag: [tags.number, tags.bool, tags.null], color: '#4bd1aa' },
  { tag: tags.comment, color: '#a9b6c2' },
  { tag: tags.punctuation, color: '#a9b6c2' },
]);
const light = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: '#00588a' },
  { tag: [tags.string, tags.special(tags.string)], color: '#7d5300' },
  { tag: [tags.number, tags.bool, tags.null], color: '#006b4e' },
  { tag: tags.comment, color: '#4c5966' },
  { tag: tags.punctuation, color: '#4c5966' },
]);

const looks = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--surface-2)', color: 'var(--text-2)', border: '0' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--surface-2)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'var(--stable-soft)' },
  '.cm-diagnostic': { fontFamily: 'var(--font)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--text)', borderColor: 'var(--line-strong)' },
});

/** A YAML editor. Tab leaves it, as everywhere on the page. */
export function CodeEditor({ value, onChange, label, describedBy, marks, readOnly = false, onReady, minHeight = 200 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useRef(onChange);
  const scheme = useTheme().scheme;
  const colours = useRef(new Compartment());
  const first = useRef({ value, label, describedBy, readOnly, minHeight, onReady, scheme });

  useEffect(() => {
    changed.current = onChange;
  }, [onChange]);

  useEffect(() => {
    if (!place.current) return;
    const start = first.current;
    const nonce = styleNonce();
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: start.value,
        extensions: [
          nonce ? EditorView.cspNonce.of(nonce) : [],
          lineNumbers(),
          history(),
          indentUnit.of('  '),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightSelectionMatches(),
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
          yaml(),
          syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
          colours.current.of(syntaxHighlighting(start.scheme === 'dark' ? dark : light)),
          looks,
          EditorView.theme({ '.cm-content, .cm-gutter': { minHeight: `${start.minHeight}px` } }),
          EditorState.readOnly.of(start.readOnly),
          EditorView.contentAttributes.of({
            'aria-label': start.label,
            ...(start.describedBy ? { 'aria-describedby': start.describedBy } : {}),
            ...(start.readOnly ? { 'aria-readonly': 'true', tabindex: '0' } : {}),
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    start.onReady?.((offset) => {
      editor.dispatch({ selection: { anchor: Math.min(offset, editor.state.doc.length) }, scrollIntoView: true });
      editor.focus();
    });
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
    }
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: colours.current.reconfigure(syntaxHighlighting(scheme === 'dark' ? dark : light)) });
  }, [scheme]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !marks) return;
    const length = editor.state.doc.length;
    const diagnostics: Diagnostic[] = marks.map((m) => ({
      from: Math.min(m.from, length),
      to: Math.min(Math.max(m.to, m.from + 1), length),
      severity: 'error',
      message: m.text,
    }));
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [marks]);

  return <div ref={place} className={styles.editor} />;
}
