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
    {{- if include "oims.alertmanager.mails" . }}
    # The one alert that bypasses OIMS: OIMS can send no mail. Every other alert gets one mail, from OIMS.
    - matchers: ['alertname="IncidentMailsStopped"']
      receiver: oims-mail
      repeat_interval: 24h
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
  {{- if include "oims.alertmanager.mails" . }}
  {{- $smtp := .Values.app.smtp }}
  - name: oims-mail
    email_configs:
      - to: {{ join ", " $smtp.to | quote }}
        from: {{ $smtp.from | quote }}
        smarthost: {{ printf "%s:%v" (ternary (printf "[%s]" $smtp.host) $smtp.host (contains ":" $smtp.host)) $smtp.port | quote }}
        require_tls: {{ eq $smtp.tls "starttls" }}
        force_implicit_tls: {{ eq $smtp.tls "tls" }}
        {{- if $smtp.user }}
        auth_username: {{ $smtp.user | quote }}
        auth_password_file: /etc/oims/smtp/smtp-password
        {{- end }}
        send_resolved: true
        headers:
          Subject: '[OIMS] {{ "{{" }} if eq .Status "firing" }}Open{{ "{{" }} else }}Resolved{{ "{{" }} end }}: {{ "{{" }} .CommonAnnotations.summary }}'
          Auto-Submitted: auto-generated
        html: ""
        text: |
          {{- .Files.Get "files/alertmanager/mail.txt" | trim | nindent 10 }}
  {{- end }}
  {{- with $values.extraReceivers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.inhibitRules }}
inhibit_rules:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.extraConfig }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* oims.alertmanager.mails ($): "true" when Alertmanager can mail by itself. */}}
{{- define "oims.alertmanager.mails" -}}
{{- if and .Values.alertmanager.enabled .Values.app.smtp.host .Values.app.smtp.to -}}true{{- end -}}
{{- end }}

{{- define "oims.alertmanager.probes" -}}
startupProbe:
  httpGet: {path: {{ include "oims.path" (list . "alertmanager") }}/-/ready, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: {{ include "oims.path" (list . "alertmanager") }}/-/healthy, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: {{ include "oims.path" (list . "alertmanager") }}/-/ready, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
