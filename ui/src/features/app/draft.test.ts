// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import type { ApplicationSpec, Component } from '@/api/schema.gen';

import { parseDraft, standing, withComponent, withoutTrait, withTrait } from './draft';

const spec = (image: string): ApplicationSpec => ({ components: [{ name: 'a', type: 'webservice', properties: { image } }] });

describe('a draft', () => {
  test.each([
    ['is none where nothing was changed', null, 'none'],
    ['is none where it says what is stored, whatever the order of keys', { base: spec('v0'), spec: { components: [{ type: 'webservice', properties: { image: 'v1' }, name: 'a' }] } }, 'none'],
    ['is a change of what is stored', { base: spec('v1'), spec: spec('v2') }, 'changed'],
    ['is a conflict where somebody else stored something in between', { base: spec('v0'), spec: spec('v2') }, 'conflict'],
  ] as const)('%s', (_, draft, want) => {
    expect(standing(draft as never, spec('v1'))).toBe(want);
  });

  test.each([
    ['nothing', null],
    ['no JSON', '{'],
    ['another thing', '{"a":1}'],
    ['half of one', '{"base":{"components":[]}}'],
  ])('is not read from %s', (_, text) => {
    expect(parseDraft(text)).toBeNull();
  });

  test('is read as it was written', () => {
    const draft = { base: spec('v1'), spec: spec('v2') };
    expect(parseDraft(JSON.stringify(draft))).toEqual(draft);
  });
});

describe('a trait', () => {
  const component: Component = { name: 'a', type: 'webservice', traits: [{ type: 'scaler', properties: { replicas: 1 } }] };

  test('that is there is changed, not added a second time', () => {
    expect(withTrait(component, { type: 'scaler', properties: { replicas: 3 } }).traits).toEqual([{ type: 'scaler', properties: { replicas: 3 } }]);
  });

  test('that is new comes last, and can be taken away again', () => {
    const two = withTrait(component, { type: 'gateway' });
    expect(two.traits?.map((t) => t.type)).toEqual(['scaler', 'gateway']);
    expect(withoutTrait(two, 'scaler').traits?.map((t) => t.type)).toEqual(['gateway']);
  });

  test('belongs to its component alone', () => {
    const all = { components: [component, { name: 'b', type: 'worker' }] };
    const changed = withComponent(all, 'b', (c) => withTrait(c, { type: 'scaler' }));
    expect(changed.components[0]).toBe(component);
    expect(changed.components[1]?.traits).toHaveLength(1);
  });
});
