{{- define "vela.labels" -}}
app.kubernetes.io/part-of: vela
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
{{- define "vela.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "vela.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
{{- define "vela.admissionNames" -}}
[vela-release, vela-release-verbs, vela-approvals, vela-jumps-canary, vela-jumps-bluegreen, vela-held-deployments, vela-held-statefulsets, vela-held-daemonsets, vela-held-clonesets, vela-closes-statefulsets, vela-closes-clonesets]
{{- end }}
