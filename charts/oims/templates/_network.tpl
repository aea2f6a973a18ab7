{{/* NetworkPolicies. */}}

{{/* oims.peers (list $ component...): pods of these components of this release. */}}
{{- define "oims.peers" -}}
{{- $root := first . -}}
{{- range rest . }}
- podSelector:
    matchLabels:
      {{- include "oims.selector" (list $root .) | nindent 6 }}
{{- end }}
{{- end }}

{{/* oims.egressTo (dict "root" $ "component" name "port" number) */}}
{{- define "oims.egressTo" -}}
- to:
    {{- include "oims.peers" (list .root .component) | trim | nindent 4 }}
  ports:
    - {port: {{ .port }}, protocol: TCP}
{{- end }}

{{/* oims.egressDns: the cluster's name server, in whatever namespace and under whatever labels it runs. */}}
{{- define "oims.egressDns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{/* oims.egressPort (dict "to" list of peers, empty for anywhere, "ports" list of numbers) */}}
{{- define "oims.egressPort" -}}
- ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* oims.egressDatabase ($) */}}
{{- define "oims.egressDatabase" -}}
{{- if .Values.database.postgres.bundled.enabled -}}
{{- include "oims.egressTo" (dict "root" . "component" "postgres" "port" 5432) -}}
{{- else -}}
{{- include "oims.egressPort" (dict "to" .Values.networkPolicy.postgresTo "ports" (list .Values.database.postgres.port)) -}}
{{- end -}}
{{- end }}

{{/* oims.networkPolicyHead (list $ component): all but the rules. */}}
{{- define "oims.networkPolicyHead" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "oims.metadata" (dict "root" (first .) "component" (last .)) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "oims.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}
