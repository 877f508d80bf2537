// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Puts a compressed copy beside every script and style sheet, so that the server need not compress at each request.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const assets = new URL('../dist/assets/', import.meta.url).pathname;
for (const name of readdirSync(assets).filter((n) => /\.(js|css|svg)$/.test(n))) {
  const text = readFileSync(join(assets, name));
  writeFileSync(join(assets, `${name}.gz`), gzipSync(text, { level: 9 }));
  writeFileSync(join(assets, `${name}.br`), brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
}
