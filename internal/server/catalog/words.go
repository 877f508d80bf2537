// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import "github.com/vela-rollouts/vela/internal/server/api"

// titleOf a type.
func titleOf(name string) api.Words {
	if w, ok := titles()[name]; ok {
		return w
	}
	return api.Words{En: name, Zh: name}
}

// summaryOf a type: the English is the definition's own.
func summaryOf(e entry) api.Words {
	zh, ok := summaries()[e.name]
	if !ok {
		zh = e.summary
	}
	return api.Words{En: e.summary, Zh: zh}
}

func titles() map[string]api.Words {
	return map[string]api.Words{
		"webservice": {En: "Web Service", Zh: "Web 服务"}, "worker": {En: "Worker", Zh: "后台任务"},
		"statefulset": {En: "Stateful Service", Zh: "有状态服务"}, "daemon": {En: "Daemon", Zh: "守护进程"},
		"scaler": {En: "Manual Scaler", Zh: "手动伸缩"}, "gateway": {En: "HTTP Route", Zh: "HTTP 路由"},
		"http-route": {En: "Gateway HTTP Route", Zh: "网关 HTTP 路由"}, "https-route": {En: "Gateway HTTPS Route", Zh: "网关 HTTPS 路由"},
		"storage": {En: "Storage", Zh: "存储"}, "override": {En: "Override", Zh: "差异化配置"}, "topology": {En: "Topology", Zh: "部署拓扑"},
		"canary-deploy": {En: "Canary Deploy", Zh: "金丝雀部署"}, "suspend": {En: "Approval or Wait", Zh: "审批或等待"}, "deploy": {En: "Deploy", Zh: "部署"},
		"apply-component": {En: "Apply Component", Zh: "部署组件"}, "step-group": {En: "Step Group", Zh: "步骤组"},
	}
}

func summaries() map[string]string {
	return map[string]string{
		"webservice": "持续运行并接收请求的服务。", "worker": "持续运行但不接收请求的进程。", "statefulset": "Pod 有固定名称的服务。", "daemon": "在每个节点上运行一个 Pod 的服务。",
		"scaler": "设置组件的副本数。", "gateway": "按域名和路径把外部请求引入组件。", "http-route": "通过 Gateway，按域名、路径和请求头把外部请求引入组件。",
		"https-route": "通过专用 Gateway 把加密的外部请求引入组件。", "storage": "为 Pod 提供存储卷，以及随版本变化的 ConfigMap 和 Secret。",
		"override": "在其生效处修改组件。", "topology": "说明组件部署到哪里。", "canary-deploy": "把一部分 Pod 和流量切到新版本。",
		"suspend": "等待有人继续工作流，或等待一段时间。", "deploy": "部署全部组件，并等待它们健康。", "apply-component": "部署一个组件及其运维特征，并等待它健康。",
		"step-group": "把子步骤归为一组，并行或依次执行。",
	}
}

// words are the labels of properties by their name.
func words() map[string]api.Words {
	return map[string]api.Words{
		"TLSPort": {En: "TLS Port", Zh: "TLS 端口"}, "accessModes": {En: "Access Modes", Zh: "访问模式"},
		"addRevisionLabel": {En: "Add Revision Label", Zh: "添加版本标签"}, "allowEmpty": {En: "Allow Empty", Zh: "允许为空"},
		"annotations": {En: "Annotations", Zh: "注解"}, "apiGroup": {En: "API Group", Zh: "API 组"}, "args": {En: "Arguments", Zh: "参数"},
		"auto": {En: "Start Without Approval", Zh: "无需审批即开始"}, "claimName": {En: "Claim", Zh: "存储卷声明"}, "class": {En: "Ingress Class", Zh: "Ingress 类"},
		"classInSpec": {En: "Class in the Spec", Zh: "在 spec 中指定类"}, "cluster": {En: "Cluster", Zh: "集群"},
		"clusterLabelSelector": {En: "Cluster Labels", Zh: "集群标签"}, "clusters": {En: "Clusters", Zh: "集群"}, "cmName": {En: "ConfigMap", Zh: "ConfigMap"},
		"cmd": {En: "Command", Zh: "启动命令"}, "command": {En: "Command", Zh: "命令"}, "component": {En: "Component", Zh: "组件"},
		"components": {En: "Components", Zh: "组件"}, "configMap": {En: "ConfigMaps", Zh: "ConfigMap"}, "configMapKey": {En: "Key of the ConfigMap", Zh: "ConfigMap 键"},
		"configMapKeyRef": {En: "From a ConfigMap", Zh: "来自 ConfigMap"}, "containerPort": {En: "Container Port", Zh: "容器端口"}, "cpu": {En: "CPU", Zh: "CPU"},
		"data": {En: "Data", Zh: "数据"}, "dataSource": {En: "Data Source", Zh: "数据源"}, "dataSourceRef": {En: "Data Source Reference", Zh: "数据源引用"},
		"defaultMode": {En: "File Mode", Zh: "文件权限"}, "disable": {En: "Disable", Zh: "停用"}, "domain": {En: "Domain", Zh: "域名"},
		"domains": {En: "Domains", Zh: "域名"}, "duration": {En: "Duration", Zh: "时长"}, "emptyDir": {En: "Scratch Volumes", Zh: "临时存储卷"},
		"env": {En: "Environment Variables", Zh: "环境变量"}, "envName": {En: "Variable", Zh: "变量名"}, "exec": {En: "Command", Zh: "执行命令"},
		"existingServiceName": {En: "Existing Service", Zh: "已有 Service"}, "expose": {En: "Expose", Zh: "暴露"}, "exposeType": {En: "Service Type", Zh: "服务类型"},
		"externalRevision": {En: "External Revision", Zh: "外部版本"}, "failureThreshold": {En: "Failure Threshold", Zh: "失败阈值"},
		"gatewayClassName": {En: "Gateway Class", Zh: "Gateway 类"}, "gatewayHost": {En: "Gateway Host", Zh: "网关主机"}, "gatewayName": {En: "Gateway", Zh: "网关"},
		"gatewayNamespace": {En: "Namespace of the Gateway", Zh: "网关命名空间"}, "headers": {En: "Headers", Zh: "请求头"}, "host": {En: "Host", Zh: "主机"},
		"hostAliases": {En: "Host Aliases", Zh: "主机别名"}, "hostPath": {En: "Host Paths", Zh: "主机路径"}, "hostnames": {En: "Host Names", Zh: "主机名"},
		"http": {En: "HTTP Paths", Zh: "HTTP 路由规则"}, "httpGet": {En: "HTTP GET", Zh: "HTTP GET"}, "httpHeaders": {En: "HTTP Headers", Zh: "HTTP 请求头"},
		"ignoreTerraformComponent": {En: "Leave Out Terraform", Zh: "忽略 Terraform 组件"}, "image": {En: "Container Image", Zh: "容器镜像"},
		"imagePullPolicy": {En: "Image Pull Policy", Zh: "镜像拉取策略"}, "imagePullSecrets": {En: "Image Pull Secrets", Zh: "镜像拉取凭证"},
		"initialDelaySeconds": {En: "Initial Delay (s)", Zh: "初始延迟（秒）"}, "ip": {En: "IP Address", Zh: "IP 地址"}, "items": {En: "Items", Zh: "条目"},
		"key": {En: "Key", Zh: "键"}, "kind": {En: "Kind", Zh: "类别"}, "labels": {En: "Labels", Zh: "标签"}, "limit": {En: "Limits", Zh: "资源上限"},
		"limits": {En: "Limits", Zh: "资源上限"}, "listenerName": {En: "Listener", Zh: "监听器"}, "livenessProbe": {En: "Liveness Probe", Zh: "存活检查"},
		"matchExpressions": {En: "Match Expressions", Zh: "匹配表达式"}, "matchLabels": {En: "Match Labels", Zh: "匹配标签"}, "medium": {En: "Medium", Zh: "介质"},
		"memory": {En: "Memory", Zh: "内存"}, "message": {En: "Message", Zh: "提示信息"}, "mode": {En: "Mode", Zh: "权限"}, "mountOnly": {En: "Only Mount", Zh: "仅挂载"},
		"mountPath": {En: "Mount Path", Zh: "挂载路径"}, "mountToEnv": {En: "As a Variable", Zh: "注入环境变量"}, "mountToEnvs": {En: "As Variables", Zh: "注入多个环境变量"},
		"name": {En: "Name", Zh: "名称"}, "namespace": {En: "Namespace", Zh: "命名空间"}, "nodePort": {En: "Node Port", Zh: "节点端口"}, "operator": {En: "Operator", Zh: "运算符"},
		"parallelism": {En: "Parallelism", Zh: "并行数"}, "path": {En: "Path", Zh: "路径"}, "pathType": {En: "Path Type", Zh: "路径类型"},
		"periodSeconds": {En: "Period (s)", Zh: "检查间隔（秒）"}, "policies": {En: "Policies", Zh: "策略"}, "port": {En: "Port", Zh: "端口"}, "ports": {En: "Service Ports", Zh: "服务端口"},
		"properties": {En: "Properties", Zh: "属性"}, "protocol": {En: "Protocol", Zh: "协议"}, "pvc": {En: "Persistent Volumes", Zh: "持久化存储"},
		"readOnly": {En: "Read Only", Zh: "只读"}, "readinessProbe": {En: "Readiness Probe", Zh: "就绪检查"}, "replicas": {En: "Replicas", Zh: "副本数"},
		"requests": {En: "Requests", Zh: "资源请求"}, "resources": {En: "Resources", Zh: "资源"}, "rolloutType": {En: "Rollout Type", Zh: "发布方式"}, "rules": {En: "Rules", Zh: "规则"},
		"scheme": {En: "Scheme", Zh: "协议"}, "secret": {En: "Secrets", Zh: "Secret"}, "secretKey": {En: "Key of the Secret", Zh: "Secret 键"},
		"secretKeyRef": {En: "From a Secret", Zh: "来自 Secret"}, "secretName": {En: "TLS Secret", Zh: "TLS Secret"}, "secrets": {En: "Certificates", Zh: "证书"},
		"selector": {En: "Selector", Zh: "选择器"}, "serviceName": {En: "Service", Zh: "Service"}, "storage": {En: "Size", Zh: "容量"},
		"storageClassName": {En: "Storage Class", Zh: "存储类"}, "stringData": {En: "Plain Data", Zh: "明文数据"}, "subPath": {En: "Sub Path", Zh: "子路径"},
		"successThreshold": {En: "Success Threshold", Zh: "成功阈值"}, "tcpSocket": {En: "TCP", Zh: "TCP"}, "timeoutSeconds": {En: "Timeout (s)", Zh: "超时（秒）"},
		"traits": {En: "Traits", Zh: "运维特征"}, "type": {En: "Type", Zh: "类型"}, "value": {En: "Value", Zh: "值"}, "valueFrom": {En: "Value From", Zh: "值来源"},
		"values": {En: "Values", Zh: "值"}, "volumeMode": {En: "Volume Mode", Zh: "卷模式"}, "volumeMounts": {En: "Volume Mounts", Zh: "卷挂载"},
		"volumeName": {En: "Volume", Zh: "卷"}, "volumes": {En: "Volumes", Zh: "存储卷"}, "weight": {En: "Traffic Weight (%)", Zh: "流量权重（%）"},
	}
}
