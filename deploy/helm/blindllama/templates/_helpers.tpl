{{- define "blindllama.labels" -}}
app.kubernetes.io/name: blindllama
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "blindllama.selector" -}}
app.kubernetes.io/name: blindllama
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "blindllama.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
{{- end }}
