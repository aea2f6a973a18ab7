{{/* oims.targets ($): namespace to a list of workloads, as YAML: name, Kind/name or Kind/*; an empty list is every Deployment. */}}
{{- define "oims.targets" -}}
{{- $targets := deepCopy .Values.automation.targets.namespaces -}}
{{- if .Values.automation.library -}}
{{- range $namespace, $listed := .Values.automation.targets.namespaces -}}
{{- if not $listed -}}
{{- $_ := set $targets $namespace (list "*" "StatefulSet/*" "DaemonSet/*") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.automation.targets.app -}}
{{- $own := list (include "oims.objectName" (list . "app")) -}}
{{- if not (hasKey $targets (include "oims.namespace" .)) -}}
{{- $_ := set $targets (include "oims.namespace" .) $own -}}
{{- else if get $targets (include "oims.namespace" .) -}}
{{- $_ := set $targets (include "oims.namespace" .) (concat (get $targets (include "oims.namespace" .)) $own | uniq) -}}
{{- end -}}
{{- end -}}
{{- toYaml $targets -}}
{{- end }}

{{/* The Lease that elects the one automation that acts, in the cluster or on a host; monitor_alerts.sh knows the name. */}}
{{- define "oims.leaseName" -}}
{{- .Release.Name }}-automation
{{- end }}

{{/* oims.targetRules (list of workloads): read and patch them and their scale, and read what the remedies must know; nothing
     else. A list cannot be limited to names. What is read before a remedy acts: docs/playbooks.md. */}}
{{- define "oims.targetRules" -}}
{{- $names := dict -}}
{{- range . | default (list "*") -}}
{{- $kind := ternary (first (splitList "/" .)) "Deployment" (contains "/" .) -}}
{{- $_ := set $names $kind (append (get $names $kind | default list) (last (splitList "/" .))) -}}
{{- end -}}
{{- range $kind, $listed := $names }}
{{- $plural := printf "%ss" (lower $kind) }}
- apiGroups: [apps]
  resources: [{{ $plural }}{{ if ne $kind "DaemonSet" }}, {{ $plural }}/scale{{ end }}]
  verbs: [get, patch{{ if has "*" $listed }}, list{{ end }}]
  {{- if not (has "*" $listed) }}
  resourceNames: {{ toJson $listed }}
  {{- end }}
{{- end }}
- apiGroups: [apps]
  resources:
    {{- if hasKey $names "Deployment" }}
    - replicasets
    {{- end }}
    {{- if or (hasKey $names "StatefulSet") (hasKey $names "DaemonSet") }}
    - controllerrevisions
    {{- end }}
  verbs: [list]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list]
- apiGroups: [""]
  resources: [events, pods]
  verbs: [list]
- apiGroups: [""]
  resources: [pods, pods/log]
  verbs: [get]
{{- end }}

{{/* oims.hostSettings ($): what host_setup.sh and monitor_alerts.sh must be told, where it is not their default. */}}
{{- define "oims.hostSettings" -}}
{{- $settings := list -}}
{{- if ne (include "oims.namespace" .) "incident-mgmt" -}}
{{- $settings = append $settings (printf "OIMS_NAMESPACE=%s" (include "oims.namespace" .)) -}}
{{- end -}}
{{- if ne .Release.Name "oims" -}}
{{- $settings = append $settings (printf "OIMS_RELEASE=%s" .Release.Name) -}}
{{- end -}}
{{- with .Values.webhook.auth.existingSecret -}}
{{- $settings = append $settings (printf "OIMS_WEBHOOK_SECRET=%s" .) -}}
{{- end -}}
{{- with .Values.app.auth.existingSecret -}}
{{- $settings = append $settings (printf "OIMS_APP_SECRET=%s" .) -}}
{{- end -}}
{{- join " " $settings -}}
{{- end }}

{{- define "oims.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "oims.leaseName" . }}]
  verbs: [get, update]
# What is made has no name yet that a rule could know.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end }}

{{/* oims.targetRoles (dict "root" $ "component" name "account" ServiceAccount): in each listed namespace, the right to
     repair the listed workloads. */}}
{{- define "oims.targetRoles" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $account := .account -}}
{{- range $namespace, $workloads := include "oims.targets" .root | fromYaml }}
{{- $name := printf "%s-targets" (include "oims.objectName" (list $root $component)) }}
{{- /* Outside the release's namespace two releases may meet. */}}
{{- if ne $namespace (include "oims.namespace" $root) }}
{{- $name = printf "%s-%s" $name (include "oims.namespace" $root) | trunc 63 | trimSuffix "-" }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "oims.metadata" (dict "root" $root "component" $component "name" $name "namespace" $namespace) | nindent 2 }}
rules:
  {{- include "oims.targetRules" $workloads | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "oims.metadata" (dict "root" $root "component" $component "name" $name "namespace" $namespace) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $account | quote }}
    namespace: {{ include "oims.namespace" $root | quote }}
{{- end }}
{{- end }}

{{- define "oims.automation.env" -}}
- name: OIMS_JOURNAL_URL
  value: {{ include "oims.scheme" . }}://{{ include "oims.objectName" (list . "webhook") }}:5001
- name: OIMS_JOURNAL_TOKEN_FILE
  value: /etc/oims/webhook/reader-token
- name: OIMS_EVENT_KEY_FILE
  value: /etc/oims/webhook/event-key
- name: OIMS_APP_URL
  value: {{ include "oims.scheme" . }}://{{ include "oims.objectName" (list . "app") }}:{{ .Values.app.service.port }}
- name: OIMS_APP_TOKEN_FILE
  value: /etc/oims/app/automation-token
{{- include "oims.tls.clientEnv" . }}
- name: OIMS_STATE_DIR
  value: /var/lib/oims/automation
- name: OIMS_LOCATION
  value: cluster
- name: OIMS_INSTANCE
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
- name: OIMS_LEASE
  value: {{ include "oims.leaseName" . | quote }}
- name: OIMS_LEASE_NAMESPACE
  value: {{ include "oims.namespace" . | quote }}
- name: OIMS_METRICS_BIND
  value: "[::]:9464"
{{- if include "oims.policy" . }}
- name: OIMS_POLICY
  value: /etc/oims/policy/policy.yml
{{- end }}
# Ansible writes below its home; the root file system is read-only.
- name: HOME
  value: /tmp
{{- end }}

{{- define "oims.automation.probes" -}}
startupProbe:
  httpGet: {path: /metrics, port: metrics}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /metrics, port: metrics}
  periodSeconds: 30
  timeoutSeconds: 10
  failureThreshold: 4
readinessProbe:
  httpGet: {path: /metrics, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}
