// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useId, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { CodeEditor } from './CodeEditor';
import { errorText } from './errors';
import styles from './forms.module.css';
import { validate, type FormError } from './validate';
import { parseYaml, type Mark, type Parsed } from './yaml';

interface Props {
  text: string;
  onChange: (text: string) => void;
  /** What the text is of. */
  name: string;
  /** The JSON schema of the whole text, where there is one. */
  schema?: object;
  /** What the server found, by JSON pointer. */
  errors?: FormError[];
  label: (pointer: string) => string;
  minHeight?: number;
}

/** What is wrong with a text: its syntax, else what the schema and the server say. */
export function useMarks(text: string, schema: object | undefined, errors: FormError[] | undefined, label: (pointer: string) => string): { parsed: Parsed; marks: Mark[] } {
  const { t } = useTranslation('forms');
  return useMemo(() => {
    const parsed = parseYaml(text);
    if (parsed.marks.length > 0) {
      return { parsed, marks: parsed.marks.map((m) => ({ ...m, text: t('yaml.syntax', { message: m.text }) })) };
    }
    const found = [...(schema ? validate(schema, parsed.data ?? {}) : []), ...(errors ?? [])];
    return { parsed, marks: found.map((e) => ({ ...parsed.place(e.path), text: errorText(t, e, label(e.path)) })) };
  }, [text, schema, errors, label, t]);
}

/** YAML that is checked as it is written; what is wrong stands below too, leading to its line. */
export function YamlEditor({ text, onChange, name, schema, errors, label, minHeight }: Props) {
  const { t } = useTranslation('forms');
  const { marks } = useMarks(text, schema, errors, label);
  const goTo = useRef<(offset: number) => void>(() => undefined);
  const help = useId();
  return (
    <div className={styles.form}>
      <CodeEditor
        value={text}
        onChange={onChange}
        label={t('yaml.label', { name })}
        describedBy={help}
        marks={marks}
        minHeight={minHeight}
        onReady={(go) => (goTo.current = go)}
      />
      <div id={help} className={styles.help}>
        {t('yaml.leave')}
      </div>
      {marks.length > 0 && (
        <ul className={styles.marks} role="status">
          {marks.map((m) => (
            <li key={`${m.from} ${m.text}`}>
              <button type="button" className={styles.jump} onClick={() => goTo.current(m.from)}>
                {t('yaml.line', { line: m.line, text: m.text })}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
