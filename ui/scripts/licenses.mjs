// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Reads the licence of every package in the lockfile and fails on one that is not on the list. MPL is for tools that are not
// part of the bundle.
import { readFileSync } from 'node:fs';

const allowed = ['MIT', 'MIT-0', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense', 'Python-2.0', 'Zlib'];
const forTools = [...allowed, 'MPL-2.0', 'CC-BY-4.0'];
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

/** A licence expression is fine when one side of an OR, or all sides of an AND, are. */
function fine(expression, list) {
  const plain = expression.replace(/[()]/g, '').trim();
  if (/ OR /i.test(plain)) return plain.split(/ OR /i).some((e) => fine(e, list));
  if (/ AND /i.test(plain)) return plain.split(/ AND /i).every((e) => fine(e, list));
  return list.includes(plain);
}

const bad = [];
for (const [path, info] of Object.entries(lock.packages)) {
  if (path === '') continue;
  const list = info.dev || info.devOptional ? forTools : allowed;
  if (!fine(info.license ?? '', list)) bad.push(`${path.replace(/^.*node_modules\//, '')}@${info.version}: ${info.license ?? 'no licence given'}`);
}
if (bad.length > 0) {
  console.error(`Licences that are not on the list:\n  ${bad.join('\n  ')}`);
  process.exit(1);
}
