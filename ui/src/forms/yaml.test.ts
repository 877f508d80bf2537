// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { parseYaml, toYaml } from './yaml';

const text = `image: demo:v1
ports:
  - port: 8090
    expose: yes
  - port: x
http:
  /a/b: 80
`;

test('a field is found by its pointer, at its key', () => {
  const { place, data } = parseYaml(text);
  expect(data).toMatchObject({ image: 'demo:v1', ports: [{ port: 8090, expose: 'yes' }, { port: 'x' }] });
  const at = place('/ports/1/port');
  expect(text.slice(at.from, at.to)).toBe('port');
  expect(at.line).toBe(5);
  const key = place('/http/~1a~1b');
  expect(text.slice(key.from, key.to)).toBe('/a/b');
});

test('a field that is missing is told at what should have it', () => {
  const at = parseYaml(text).place('/ports/0/protocol');
  expect(at.line).toBe(3);
});

test('what is no YAML is told with its line, and gives no value', () => {
  const { data, marks } = parseYaml('a: 1\nb: [1, 2\n');
  expect(data).toBeUndefined();
  expect(marks[0]?.line).toBeGreaterThanOrEqual(2);
});

test('a key that stands twice is an error, not a silent loss', () => {
  expect(parseYaml('a: 1\na: 2\n').marks).toHaveLength(1);
});

test('no value is an empty text, and a value comes back as it was', () => {
  expect(toYaml({})).toBe('');
  const value = { image: 'a:1', http: { '/x': 80 }, long: 'word '.repeat(40) };
  expect(parseYaml(toYaml(value)).data).toEqual(value);
});
