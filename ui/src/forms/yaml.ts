// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { isMap, isScalar, LineCounter, parseDocument, stringify, type Document, type Pair } from 'yaml';

import { parsePointer } from './pointer';

/** Something wrong at a place of a text; from and to are offsets. */
export interface Mark {
  from: number;
  to: number;
  line: number;
  text: string;
}

export interface Parsed {
  /** The value; undefined where the text is not YAML. */
  data: unknown;
  marks: Mark[];
  /** Where a JSON pointer's value, or the nearest thing around it, stands. */
  place: (pointer: string) => Omit<Mark, 'text'>;
}

/** Reads YAML 1.2 without aliases of foreign documents; what is wrong is told with its place. */
export function parseYaml(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const place = (pointer: string) => {
    const [from, to] = rangeOf(document, parsePointer(pointer));
    return { from, to, line: lines.linePos(from).line };
  };
  const marks = document.errors.map((e) => ({ from: e.pos[0], to: e.pos[1], line: lines.linePos(e.pos[0]).line, text: e.message }));
  return { data: marks.length > 0 ? undefined : (document.toJS({ maxAliasCount: 100 }) as unknown), marks, place };
}

/** The range of the key that leads to a value, for a shorter underline than the whole value. */
function rangeOf(document: Document, path: string[]): [number, number] {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = (parent.items as Pair[]).find((p) => isScalar(p.key) && String(p.key.value) === key);
      if (pair && isScalar(pair.key) && pair.key.range) return [pair.key.range[0], pair.key.range[1]];
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (node !== undefined && typeof node === 'object' && node !== null && 'range' in node) {
      const range = node.range as [number, number] | undefined;
      if (range) return [range[0], range[1]];
    }
  }
  return [0, Math.min(1, document.contents?.range?.[1] ?? 0)];
}

/** A value as YAML, keys in their order; nothing at all is an empty text. */
export function toYaml(value: unknown): string {
  if (value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)) return '';
  return stringify(value, { lineWidth: 0 });
}
