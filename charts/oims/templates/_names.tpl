{{/* Names. The base is cut before a component's name is added, so that every object's name fits 63 characters. */}}
{{- define "oims.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 38 | trimSuffix "-" -}}
{{- end }}

{{- define "oims.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 38 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 38 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 38 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "oims.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end }}

{{/* oims.objectName (list $ component) */}}
{{- define "oims.objectName" -}}
{{- printf "%s-%s" (include "oims.fullname" (first .)) (last .) -}}
{{- end }}

{{/* oims.selector (list $ component): name, instance and component, nothing that may ever change. */}}
{{- define "oims.selector" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ include "oims.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{/* oims.ownLabels (list $ component): those that the chart sets itself. */}}
{{- define "oims.ownLabels" -}}
{{- $root := first . -}}
{{ include "oims.selector" . }}
app.kubernetes.io/part-of: oims
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* oims.labels (dict "root" $ "component" name ["labels" map]): the chart's own, those given, and the common ones that these leave. */}}
{{- define "oims.labels" -}}
{{ include "oims.ownLabels" (list .root .component) }}
{{- with merge (dict) (.labels | default dict) .root.Values.global.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* oims.metadata (dict "root" $ "component" name ["name" object] ["namespace" name] ["labels" map] ["annotations" map] ["keep" bool]) */}}
{{- define "oims.metadata" -}}
name: {{ .name | default (include "oims.objectName" (list .root .component)) | quote }}
namespace: {{ .namespace | default (include "oims.namespace" .root) | quote }}
labels:
  {{- include "oims.labels" . | nindent 2 }}
{{- include "oims.annotations" . }}
{{- end }}

{{/* oims.annotations (dict "root" $ ["annotations" map] ["keep" bool]): those given, and the common ones that these leave. */}}
{{- define "oims.annotations" -}}
{{- $annotations := merge (dict) (.annotations | default dict) .root.Values.global.commonAnnotations }}
{{- if and .keep .root.Values.keepOnUninstall }}
{{- $_ := set $annotations "helm.sh/resource-policy" "keep" }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- include "oims.templated" (list $.root .) | nindent 2 }}
{{- end }}
{{- end }}

{{/* oims.serviceAccountName (dict "root" $ "component" name "values" component's) */}}
{{- define "oims.serviceAccountName" -}}
{{- if .values.serviceAccount.create -}}
{{- .values.serviceAccount.name | default (include "oims.objectName" (list .root .component)) -}}
{{- else -}}
{{- .values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{/* Where people open the app. */}}
{{- define "oims.baseUrl" -}}
{{- if .Values.app.baseUrl -}}
{{- .Values.app.baseUrl -}}
{{- else if and .Values.app.ingress.enabled .Values.app.ingress.hosts -}}
{{- printf "%s://%s" (ternary "https" "http" (not (empty .Values.app.ingress.tls))) (include "oims.hosts" (list . .Values.app.ingress.hosts) | fromJsonArray | first) -}}
{{- else if and .Values.app.httpRoute.enabled .Values.app.httpRoute.hostnames -}}
{{- printf "https://%s" (include "oims.hosts" (list . .Values.app.httpRoute.hostnames) | fromJsonArray | first) -}}
{{- else -}}
{{- printf "%s://localhost:5000" (include "oims.scheme" .) -}}
{{- end -}}
{{- end }}

{{/* oims.path (list $ part): below which Prometheus or Alertmanager answers: its own on the app's host, else none. */}}
{{- define "oims.path" -}}
{{- if get (first .).Values.monitoring.ingress (last .) -}}
{{- printf "/%s" (last .) -}}
{{- end -}}
{{- end }}

{{/* oims.externalUrl (list $ part): the argument by which it knows where people reach it. */}}
{{- define "oims.externalUrl" -}}
{{- $path := include "oims.path" . -}}
{{- $url := (get (first .).Values (last .)).publicUrl -}}
{{- if $path -}}
{{- $url = printf "%s%s" (include "oims.baseUrl" (first .)) $path -}}
{{- end -}}
{{- with $url }}
- {{ printf "--web.external-url=%s" . | quote }}
{{- end }}
{{- end }}

{{- define "oims.prometheusUrl" -}}
{{- if .Values.prometheus.enabled -}}
{{- printf "%s://%s:9090%s" (include "oims.scheme" .) (include "oims.objectName" (list . "prometheus")) (include "oims.path" (list . "prometheus")) -}}
{{- else -}}
{{- .Values.prometheus.externalUrl -}}
{{- end -}}
{{- end }}

{{- define "oims.alertmanagerUrl" -}}
{{- if .Values.alertmanager.enabled -}}
{{- printf "%s://%s:9093%s" (include "oims.scheme" .) (include "oims.objectName" (list . "alertmanager")) (include "oims.path" (list . "alertmanager")) -}}
{{- else -}}
{{- .Values.alertmanager.externalUrl -}}
{{- end -}}
{{- end }}
