{{- define "oims.webhook.secretName" -}}
{{- include "oims.secretName" (dict "root" . "component" "webhook" "existing" .Values.webhook.auth.existingSecret) -}}
{{- end }}

{{- define "oims.webhook.env" -}}
- name: OIMS_WEBHOOK_BIND
  value: "[::]:5001"
{{- include "oims.tls.serverEnv" . }}
{{- include "oims.tls.clientEnv" . }}
- name: OIMS_WEBHOOK_TOKEN_FILE
  value: /etc/oims/webhook/token
- name: OIMS_WEBHOOK_READER_TOKEN_FILE
  value: /etc/oims/webhook/reader-token
- name: OIMS_EVENT_KEY_FILE
  value: /etc/oims/webhook/event-key
{{- if eq .Values.webhook.journal.type "postgres" }}
- name: OIMS_WEBHOOK_JOURNAL_FILE
  value: /etc/oims/database/url
{{- include "oims.databaseCa.env" . }}
{{- else }}
- name: OIMS_WEBHOOK_JOURNAL
  value: /var/lib/oims/journal.db
{{- end }}
{{- with include "oims.alertmanagerUrl" . }}
- name: OIMS_ALERTMANAGER_URL
  value: {{ . | quote }}
{{- end }}
{{- include "oims.alertmanagerLogin.env" . }}
{{- if not .Values.alertmanager.enabled }}
- name: OIMS_ALERTMANAGER_RECEIVER
  value: {{ .Values.alertmanager.externalReceiver | quote }}
{{- end }}
- name: OIMS_WEBHOOK_RETENTION_AGE
  value: {{ .Values.webhook.retention.age }}
- name: OIMS_WEBHOOK_RETENTION_SIZE
  value: {{ .Values.webhook.retention.size }}
- name: OIMS_LOG_LEVEL
  value: {{ upper .Values.webhook.logLevel }}
{{- end }}

{{- define "oims.webhook.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
