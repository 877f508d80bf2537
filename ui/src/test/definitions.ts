// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Definition, DefinitionSummary, DefinitionType } from '@/api/schema.gen';

import statefulset from '../../../internal/definition/testdata/component-statefulset.schema.json';
import webservice from '../../../internal/definition/testdata/component-webservice.schema.json';
import worker from '../../../internal/definition/testdata/component-worker.schema.json';
import gateway from '../../../internal/definition/testdata/trait-gateway.schema.json';
import scaler from '../../../internal/definition/testdata/trait-scaler.schema.json';
import storage from '../../../internal/definition/testdata/trait-storage.schema.json';

function definition(type: DefinitionType, name: string, jsonSchema: object, more: Partial<Definition>): Definition {
  return {
    type,
    name,
    title: { en: name, zh: name },
    summary: { en: `The ${type} ${name}.`, zh: `${name} 类型` },
    jsonSchema: jsonSchema as Definition['jsonSchema'],
    uiSchema: {},
    i18n: { en: {}, zh: {} },
    ...more,
  };
}

const step = (properties: object, required: string[] = []) => ({ type: 'object', properties, required, additionalProperties: false });

/** Definitions with the schemas of the built-in ones. */
export const definitions: Definition[] = [
  definition('component', 'webservice', webservice, {
    title: { en: 'Web service', zh: '网页服务' },
    workloads: ['Deployment'],
    uiSchema: {
      '/image': { order: 10, widget: 'image' },
      '/ports': { order: 20 },
      '/cpu': { order: 30, widget: 'cpu' },
      '/memory': { order: 40, widget: 'memory' },
      '/env': { order: 50 },
      ...Object.fromEntries(
        Object.keys(webservice.properties)
          .filter((k) => !['image', 'ports', 'cpu', 'memory', 'env'].includes(k))
          .map((k) => [`/${k}`, { order: 100, advanced: true }]),
      ),
    },
    i18n: {
      en: { '/image': 'Container Image', '/ports': 'Service Ports', '/ports/items/port': 'Port', '/cpu': 'CPU', '/memory': 'Memory', '/env': 'Environment Variables' },
      zh: { '/image': '容器镜像', '/ports': '服务端口', '/ports/items/port': '端口', '/cpu': 'CPU', '/memory': '内存', '/env': '环境变量' },
    },
  }),
  definition('component', 'worker', worker, { title: { en: 'Worker', zh: '后台服务' }, workloads: ['Deployment'] }),
  definition('component', 'statefulset', statefulset, { title: { en: 'Stateful set', zh: '有状态服务' }, workloads: ['StatefulSet'] }),
  definition('trait', 'scaler', scaler, {
    title: { en: 'Manual Scaler', zh: '手动伸缩' },
    workloads: ['Deployment', 'StatefulSet'],
    i18n: { en: { '/replicas': 'Replicas' }, zh: { '/replicas': '副本数' } },
  }),
  definition('trait', 'gateway', gateway, {
    title: { en: 'HTTP Route', zh: 'HTTP 路由' },
    workloads: ['Deployment'],
    uiSchema: {
      '/domain': { order: 1 },
      '/http': { order: 2, widget: 'map' },
      ...Object.fromEntries(Object.keys(gateway.properties).filter((k) => !['domain', 'http'].includes(k)).map((k) => [`/${k}`, { order: 9, advanced: true }])),
    },
    i18n: { en: { '/domain': 'Domain', '/http': 'HTTP paths' }, zh: { '/domain': '域名', '/http': 'HTTP 路由规则' } },
  }),
  definition('trait', 'storage', storage, { title: { en: 'Storage', zh: '存储' }, workloads: ['Deployment'] }),
  definition('workflow-step', 'canary-deploy', step({ weight: { type: 'integer', minimum: 0, maximum: 100, description: 'Share of the new version in percent.' } }, ['weight']), {
    title: { en: 'Canary batch', zh: '金丝雀批次' },
    i18n: { en: { '/weight': 'Weight' }, zh: { '/weight': '权重' } },
  }),
  definition('workflow-step', 'suspend', step({ duration: { type: 'string', description: 'Goes on by itself after so long, such as 10m.' } }), {
    title: { en: 'Approval', zh: '人工审批' },
    i18n: { en: { '/duration': 'Duration' }, zh: { '/duration': '时长' } },
  }),
  definition('workflow-step', 'apply-component', step({ component: { type: 'string', minLength: 1 } }, ['component']), {
    title: { en: 'Apply component', zh: '部署组件' },
    i18n: { en: { '/component': 'Component' }, zh: { '/component': '组件' } },
  }),
];

export function summaries(type: DefinitionType | null): DefinitionSummary[] {
  return definitions.filter((d) => type === null || d.type === type).map(({ type, name, title, summary, workloads }) => ({ type, name, title, summary, workloads }));
}
