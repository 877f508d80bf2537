// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Language } from '@/i18n/i18n';

/** What the page says on its controls, as the acceptance script names them: the accessible names, not keys of the catalogues. */
const words = {
  signIn: ['Sign in', '登录'],
  userName: ['User name', '用户名'],
  password: ['Password', '密码'],
  applications: ['Applications', '应用列表'],
  newApplication: ['New Application', '新增应用'],
  name: ['Name', '名称'],
  mainComponentType: ['Main Component Type', '主组件类型'],
  bindEnvironments: ['Bind Environments', '绑定环境'],
  nextStep: ['Next Step', '下一步'],
  containerImage: ['Container Image', '容器镜像'],
  servicePorts: ['Service Ports', '服务端口'],
  httpPaths: ['HTTP Paths', 'HTTP 路由规则'],
  create: ['Create', '创建'],
  update: ['Update', '更新'],
  created: ['Application created', '应用创建成功'],
  properties: ['Properties', '属性'],
  components: ['Components', '组件'],
  addTrait: ['Add a trait', '新增运维特征'],
  type: ['Type', '类型'],
  replicas: ['Replicas', '副本数'],
  domain: ['Domain', '域名'],
  deploy: ['Deploy', '部署'],
  defaultWorkflow: ['Default Workflow', 'Default 工作流'],
  canaryWorkflow: ['Default Canary Workflow', 'Default 金丝雀工作流'],
  regularRollout: ['Default Rollout', '常规发布'],
  canaryRollout: ['Canary Rollout', '金丝雀发布'],
  enableCanary: ['Enable Canary Rollout', '启用金丝雀发布'],
  canarySetting: ['Canary Rollout Setting', '金丝雀发布设置'],
  batchSetting: ['Batch Setting', '批次设置'],
  ok: ['OK', '确认'],
  alias: ['Alias', '别名'],
  weight: ['Traffic Weight', '流量权重'],
  steps: ['Steps', '步骤'],
  wrong: ['needs another look', '需要修改'],
  save: ['Save', '保存'],
  workflowSaved: ['Workflow saved', '工作流更新成功'],
  note: ['Note', '备注'],
  undeployed: ['Undeployed changes', '未部署的变更'],
  suspended: ['Suspended: waiting for approval', '等待审批'],
  continue: ['Continue', '继续'],
  rollback: ['Rollback', '回滚'],
  rolledBack: ['Rolled back', '已回滚'],
  succeeded: ['Succeeded', '已成功'],
  stable: ['Stable', '稳定'],
  resourceGraph: ['Resource Graph', '资源拓扑图'],
  revisions: ['Revisions', '版本'],
  diff: ['Diff', '差异比对'],
  reason: ['Reason', '原因'],
} as const satisfies Record<string, readonly [string, string]>;

export type Word = keyof typeof words;

/** Gives the words of a language. */
export function speak(language: Language): (word: Word) => string {
  const at = language === 'zh' ? 1 : 0;
  return (word) => words[word][at];
}
