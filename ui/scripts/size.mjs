// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Measures what a browser loads for the first page, compressed, and fails above the budget. First load = the entry, one language,
// and the page itself, each with everything it imports statically; the largest page of those that people open first counts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budget = 350 * 1024;
const dist = new URL('../dist/', import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));

const sizes = new Map();
function gzipped(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(dist, file)), { level: 9 }).length);
  return sizes.get(file);
}

/** All files of a module and of what it imports statically. */
function filesOf(key, files = new Set(), seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(key)) return files;
  seen.add(key);
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const other of chunk.imports ?? []) filesOf(other, files, seen);
  return files;
}

function load(...keys) {
  const files = new Set();
  for (const key of keys) {
    if (!manifest[key]) throw new Error(`the manifest has no ${key}`);
    filesOf(key, files);
  }
  return [...files].reduce((sum, file) => sum + gzipped(file), 0);
}

const entry = 'index.html';
const languages = ['en', 'zh'].map((l) => [`src/i18n/${l}/index.ts`, `node_modules/antd/es/locale/${l === 'zh' ? 'zh_CN' : 'en_US'}.js`]);
const pages = Object.keys(manifest).filter((key) => /^src\/features\/.*(Page|Layout|Drawer|Dialog|Route)\.tsx$/.test(key));
const first = ['src/features/login/LoginPage.tsx', 'src/features/home/HomePage.tsx', 'src/features/apps/AppsPage.tsx'];

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;
let worst = 0;
for (const page of pages.sort()) {
  const size = Math.max(...languages.map((l) => load(entry, ...l, page)));
  if (first.includes(page)) worst = Math.max(worst, size);
  if (process.argv.includes('--all')) console.log(`${kib(size).padStart(9)}  ${page}`);
}
console.log(`first load: ${kib(worst)} gzip of ${kib(budget)}`);
if (worst > budget) {
  console.error('The first load is over its budget: load what the page does not show at once by import().');
  process.exit(1);
}
