// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { translate } from './sentences';
import zh from './zh/sentences.json';

test.each([
  ['install metrics-server', '安装 metrics-server'],
  ['"Demo" is no name; write at most 63 of a-z, 0-9 and dashes', '“Demo”不是有效的名称，请用 a-z、0-9 和连字符，最多 63 个字符'],
  ['step Batch 1 is succeeded', '步骤 Batch 1：已成功'],
  ['step Batch 1 is failed: the path "x" does not begin with "/"; write "/x"', '步骤 Batch 1：失败：路径 "x" 没有以“/”开头，请写 "/x"'],
  ['rollback of run v2: refused; step a waits for itself; remove it', '对发布 v2 的回滚操作：已拒绝；步骤 a 依赖自身，请移除'],
  ['you may not delete applications in namespace shop; ask an administrator for a role that may', '没有权限：不能在命名空间 shop 中对 applications 执行 delete，请向管理员申请相应角色'],
])('%s is said in Chinese with its values in place', (english, chinese) => {
  expect(translate(zh, english)).toBe(chinese);
});

test('what the server never says is not translated by guess', () => {
  expect(translate(zh, 'Readiness probe failed: connection refused')).toBeUndefined();
});

test('a translation names no value that its sentence has not', () => {
  for (const [format, translation] of Object.entries(zh)) {
    const values = [...format.matchAll(/%[+#]?[\d.]*[sdvqt]/g)].length;
    for (const [, n] of translation.matchAll(/\{(\d+)\}/g)) expect(Number(n), format).toBeLessThanOrEqual(values);
  }
});
