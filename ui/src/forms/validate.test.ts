// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import gateway from '../../../internal/definition/testdata/trait-gateway.schema.json';
import scaler from '../../../internal/definition/testdata/trait-scaler.schema.json';
import webservice from '../../../internal/definition/testdata/component-webservice.schema.json';

import { validate } from './validate';

describe('the schemas of the built-in definitions', () => {
  test.each([
    ['a service with an image and a port is right', webservice, { image: 'demo:v1', ports: [{ port: 8090 }] }, []],
    ['an image is needed', webservice, {}, [{ path: '/image', code: 'required' }]],
    ['a field that nobody knows is named', webservice, { image: 'a', imgae: 'b' }, [{ path: '/imgae', code: 'unknown-field' }]],
    ['a port is a number', webservice, { image: 'a', ports: [{ port: '8090' }] }, [{ path: '/ports/0/port', code: 'wrong-type' }]],
    ['a port has a largest value', webservice, { image: 'a', ports: [{ port: 80900 }] }, [{ path: '/ports/0/port', code: 'too-large', params: { limit: '65535' } }]],
    ['replicas are not negative', scaler, { replicas: -1 }, [{ path: '/replicas', code: 'too-small', params: { limit: '0' } }]],
    ['paths lead to ports', gateway, { domain: 'x', http: { '/version': 8090 } }, []],
    ['a path that leads to no number is named', gateway, { http: { '/a/b': 'x' } }, [{ path: '/http/~1a~1b', code: 'wrong-type' }]],
    ['nothing at all is nothing that is right', webservice, undefined, [{ path: '', code: 'wrong-type' }]],
  ])('%s', (_, schema, data, want) => {
    expect(validate(schema, data)).toMatchObject(want);
    expect(validate(schema, data)).toHaveLength(want.length);
  });
});
