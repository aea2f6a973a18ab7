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

{{/* oims.ingressMetrics (dict "root" $ "port" name): for the release's Prometheus and the user's own. */}}
{{- define "oims.ingressMetrics" -}}
- from:
    {{- include "oims.peers" (list .root "prometheus") | trim | nindent 4 }}
    {{- with .root.Values.networkPolicy.allowFrom.monitoring }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - {port: {{ .port }}, protocol: TCP}
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

{{/* oims.publicAddresses: peers outside of every private network. */}}
{{- define "oims.publicAddresses" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
- ipBlock:
    cidr: ::/0
    except: ["::1/128", "fc00::/7", "fe80::/10"]
{{- end }}

{{/* oims.egressUrl (dict "to" list of peers, empty for anywhere, "url" address): to the port of an address. */}}
{{- define "oims.egressUrl" -}}
{{- $url := urlParse .url -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- include "oims.egressPort" (dict "to" .to "ports" (list $port)) -}}
{{- end }}

{{/* oims.egressAlertmanager ($) */}}
{{- define "oims.egressAlertmanager" -}}
{{- if .Values.alertmanager.enabled -}}
{{- include "oims.egressTo" (dict "root" . "component" "alertmanager" "port" 9093) -}}
{{- else if .Values.alertmanager.externalUrl -}}
{{- include "oims.egressUrl" (dict "to" .Values.networkPolicy.monitoringTo "url" .Values.alertmanager.externalUrl) -}}
{{- end -}}
{{- end }}

{{/* oims.egressPrometheus ($) */}}
{{- define "oims.egressPrometheus" -}}
{{- if .Values.prometheus.enabled -}}
{{- include "oims.egressTo" (dict "root" . "component" "prometheus" "port" 9090) -}}
{{- else if .Values.prometheus.externalUrl -}}
{{- include "oims.egressUrl" (dict "to" .Values.networkPolicy.monitoringTo "url" .Values.prometheus.externalUrl) -}}
{{- end -}}
{{- end }}

{{/* oims.egressDatabase (dict "root" $ "secret" name "key" key): where the address in that Secret leads. */}}
{{- define "oims.egressDatabase" -}}
{{- if and .root.Values.database.postgres.bundled.enabled (eq .secret (include "oims.databaseSecret" .root)) -}}
{{- include "oims.egressTo" (dict "root" .root "component" "postgres" "port" 5432) -}}
{{- else -}}
{{- $ports := include "oims.postgresPorts" . | fromJsonArray -}}
{{- include "oims.egressPort" (dict "to" .root.Values.networkPolicy.postgresTo "ports" $ports) -}}
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

{{/* oims.ipFamilies ($): of every Service. */}}
{{- define "oims.ipFamilies" -}}
{{- with .Values.global.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.global.ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end }}
