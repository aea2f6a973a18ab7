{{/* Job names are constants: the rules are tested as they lie, without templating. */}}

{{/* oims.scrapePods (dict "job" name "host" headless Service "port" number "tls" how to call it ["path" prefix]) */}}
{{- define "oims.scrapePods" -}}
- job_name: {{ .job }}
  {{- with .path }}
  metrics_path: {{ . }}/metrics
  {{- end }}
  {{- .tls | nindent 2 }}
  dns_sd_configs:
    - names: [{{ .host }}]
      type: A
      port: {{ .port }}
      refresh_interval: 10s
{{- end }}

{{- define "oims.alertmanagers" -}}
{{- if .Values.alertmanager.enabled -}}
- dns_sd_configs:
    - names: [{{ include "oims.objectName" (list . "alertmanager") }}-pods]
      type: A
      port: 9093
      refresh_interval: 10s
  {{- with include "oims.path" (list . "alertmanager") }}
  path_prefix: {{ . }}
  {{- end }}
  {{- include "oims.tls.scrape" (list . "alertmanager") | nindent 2 }}
{{- else -}}
{{- $url := urlParse .Values.alertmanager.externalUrl -}}
- scheme: {{ $url.scheme }}
  {{- with $url.path }}
  path_prefix: {{ . | quote }}
  {{- end }}
  {{- include "oims.alertmanagerLogin.prometheus" . | nindent 2 }}
  static_configs:
    - targets: [{{ ternary $url.host (printf "%s:%s" $url.host (ternary "443" "80" (eq $url.scheme "https"))) (contains ":" $url.host) | quote }}]
{{- end -}}
{{- end }}

{{/* oims.scraped ($): component to port, of our own parts that run. */}}
{{- define "oims.scraped" -}}
app: 5010
webhook: 5011
{{- if .Values.automation.inCluster.enabled }}
automation: 9464
{{- end }}
{{- end }}

{{- define "oims.prometheusConfig" -}}
{{- $values := .Values.prometheus -}}
global:
  scrape_interval: {{ $values.scrapeInterval }}
  evaluation_interval: {{ $values.evaluationInterval }}
  {{- with $values.externalLabels }}
  external_labels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
storage:
  tsdb:
    retention:
      time: {{ $values.retention.time }}
      size: {{ $values.retention.size }}
rule_files:
  - /etc/prometheus/rules/*.yml
alerting:
  alertmanagers:
    {{- include "oims.alertmanagers" . | nindent 4 }}
scrape_configs:
  {{- range $component, $port := include "oims.scraped" . | fromYaml }}
  {{- $host := printf "%s-pods" (include "oims.objectName" (list $ $component)) }}
  {{- /* The automation serves nothing but its metrics, without TLS. */}}
  {{- $tls := ternary "" (include "oims.tls.scrape" (list $ $component)) (eq $component "automation") }}
  {{- include "oims.scrapePods" (dict "job" (printf "oims-%s" $component) "host" $host "port" $port "tls" $tls) | nindent 2 }}
  {{- end }}
  {{- if .Values.alertmanager.enabled }}
  {{- $host := printf "%s-pods" (include "oims.objectName" (list . "alertmanager")) }}
  {{- include "oims.scrapePods" (dict "job" "alertmanager" "host" $host "port" 9093 "tls" (include "oims.tls.scrape" (list . "alertmanager")) "path" (include "oims.path" (list . "alertmanager"))) | nindent 2 }}
  {{- end }}
  - job_name: prometheus
    {{- with include "oims.path" (list . "prometheus") }}
    metrics_path: {{ . }}/metrics
    {{- end }}
    {{- include "oims.tls.scrape" (list . "prometheus") | nindent 4 }}
    static_configs:
      - targets: [localhost:9090]
  {{- range $job, $rest := $values.scrapeConfigs }}
  - job_name: {{ $job | quote }}
    {{- toYaml $rest | nindent 4 }}
  {{- end }}
{{- with $values.remoteWrite }}
remote_write:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.extraConfig }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "oims.prometheus.probes" -}}
# Up to ten minutes to read a long write-ahead log.
startupProbe:
  httpGet: {path: {{ include "oims.path" (list . "prometheus") }}/-/ready, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 5
  failureThreshold: 120
livenessProbe:
  httpGet: {path: {{ include "oims.path" (list . "prometheus") }}/-/healthy, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: {{ include "oims.path" (list . "prometheus") }}/-/ready, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
