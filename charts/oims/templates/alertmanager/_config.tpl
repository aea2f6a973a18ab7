{{- define "oims.alertmanagerConfig" -}}
{{- $values := .Values.alertmanager -}}
route:
  receiver: oims-webhook
  group_by: {{ toJson $values.route.groupBy }}
  group_wait: {{ $values.route.groupWait }}
  group_interval: {{ $values.route.groupInterval }}
  repeat_interval: {{ $values.route.repeatInterval }}
  routes:
    - matchers: ['alertname="Watchdog"']
      receiver: {{ $values.watchdogReceiver | quote }}
    {{- with $values.extraRoutes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
receivers:
  - name: oims-webhook
    webhook_configs:
      - url: {{ include "oims.scheme" . }}://{{ include "oims.objectName" (list . "webhook") }}:5001/
        send_resolved: true
        timeout: 10s
        http_config:
          follow_redirects: false
          authorization:
            credentials_file: /etc/oims/webhook/token
          {{- if include "oims.tls" . }}
          tls_config:
            ca_file: /etc/oims/tls/ca.crt
          {{- end }}
  {{- with $values.extraReceivers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.inhibitRules }}
inhibit_rules:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
