{{/* What web, worker and migration have in common. */}}
{{- define "oims.app.env" -}}
{{- $v := .Values -}}
{{- if eq $v.database.type "postgres" }}
- name: OIMS_DATABASE_URL_FILE
  value: /etc/oims/database/url
{{- else }}
- name: OIMS_DATABASE_URL
  value: sqlite:////var/lib/oims/site.db
{{- end }}
- name: OIMS_SECRET_KEY_FILE
  value: /etc/oims/app/secret-key
- name: OIMS_BIND
  value: 0.0.0.0:5000
- name: OIMS_BASE_URL
  value: {{ include "oims.baseUrl" . | quote }}
- name: OIMS_REGISTRATION
  value: {{ $v.app.registration }}
- name: OIMS_JOURNAL_URL
  value: http://{{ include "oims.objectName" (list . "webhook") }}:5001
- name: OIMS_JOURNAL_TOKEN_FILE
  value: /etc/oims/webhook/reader-token
- name: OIMS_LOG_LEVEL
  value: {{ upper $v.app.logLevel }}
- name: OIMS_SMTP_FROM
  value: {{ $v.app.smtp.from | quote }}
- name: OIMS_MAIL_TO
  value: {{ join "," $v.app.smtp.to | quote }}
{{- if $v.app.smtp.host }}
- name: OIMS_SMTP_HOST
  value: {{ $v.app.smtp.host | quote }}
- name: OIMS_SMTP_PORT
  value: {{ $v.app.smtp.port | quote }}
- name: OIMS_SMTP_TLS
  value: {{ $v.app.smtp.tls }}
{{- end }}
{{- if $v.app.smtp.user }}
- name: OIMS_SMTP_USER
  value: {{ $v.app.smtp.user | quote }}
- name: OIMS_SMTP_PASSWORD_FILE
  value: /etc/oims/smtp/smtp-password
{{- end }}
{{- if $v.prometheus.enabled }}
- name: OIMS_PROMETHEUS_URL
  value: http://{{ include "oims.objectName" (list . "prometheus") }}:9090
{{- end }}
{{- if $v.app.demoFaults }}
- name: OIMS_DEMO_FAULTS
  value: "true"
{{- end }}
{{- with $v.app.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "oims.app.mounts" -}}
- {name: data, mountPath: /var/lib/oims}
- {name: tmp, mountPath: /tmp}
- {name: app-secret, mountPath: /etc/oims/app, readOnly: true}
- {name: reader-token, mountPath: /etc/oims/webhook, readOnly: true}
{{- if eq .Values.database.type "postgres" }}
- {name: database-url, mountPath: /etc/oims/database, readOnly: true}
{{- end }}
{{- if .Values.app.smtp.user }}
- {name: smtp-password, mountPath: /etc/oims/smtp, readOnly: true}
{{- end }}
{{- with .Values.app.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "oims.app.secretName" -}}
{{- include "oims.secretName" (dict "root" . "component" "app" "existing" .Values.app.auth.existingSecret) -}}
{{- end }}

{{- define "oims.app.smtpSecretName" -}}
{{- .Values.app.smtp.existingSecret | default (printf "%s-smtp" (include "oims.fullname" .)) -}}
{{- end }}
