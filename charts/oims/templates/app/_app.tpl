{{/* What web, worker and migration have in common. */}}
{{- define "oims.app.env" -}}
{{- $v := .Values -}}
{{- if eq $v.database.type "postgres" }}
- name: OIMS_DATABASE_URL_FILE
  value: /etc/oims/database/url
{{- include "oims.databaseCa.env" . }}
{{- else }}
- name: OIMS_DATABASE_URL
  value: sqlite:////var/lib/oims/site.db
{{- end }}
- name: OIMS_SECRET_KEY_FILE
  value: /etc/oims/app/secret-key
- name: OIMS_BIND
  value: "[::]:5000"
{{- include "oims.tls.serverEnv" . }}
{{- include "oims.tls.clientEnv" . }}
- name: OIMS_BASE_URL
  value: {{ include "oims.baseUrl" . | quote }}
- name: OIMS_PROXY_HOPS
  value: {{ include "oims.app.proxyHops" . | quote }}
- name: OIMS_REGISTRATION
  value: {{ $v.app.registration }}
- name: OIMS_JOURNAL_URL
  value: {{ include "oims.scheme" . }}://{{ include "oims.objectName" (list . "webhook") }}:5001
- name: OIMS_JOURNAL_TOKEN_FILE
  value: /etc/oims/webhook/reader-token
- name: OIMS_LOG_LEVEL
  value: {{ upper $v.app.logLevel }}
- name: OIMS_SMTP_FROM
  value: {{ $v.app.smtp.from | quote }}
- name: OIMS_MAIL_TO
  value: {{ join "," $v.app.smtp.to | quote }}
{{- $lists := list -}}
{{- range $severity, $addresses := $v.app.smtp.escalateTo -}}
{{- if $addresses -}}
{{- $lists = append $lists (printf "%s=%s" $severity (join " " $addresses)) -}}
{{- end -}}
{{- end }}
- name: OIMS_ESCALATE_TO
  value: {{ join "," $lists | quote }}
- name: OIMS_MAIL_CAP
  value: {{ $v.app.smtp.cap | int64 | quote }}
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
{{- with $v.app.oidc }}
{{- if .issuer }}
- name: OIMS_OIDC_ISSUER
  value: {{ .issuer | quote }}
- name: OIMS_OIDC_CLIENT_ID
  value: {{ .clientId | quote }}
- name: OIMS_OIDC_CLIENT_SECRET_FILE
  value: /etc/oims/oidc/client-secret
- name: OIMS_OIDC_ROLE_CLAIM
  value: {{ .roleClaim | quote }}
- name: OIMS_OIDC_ROLES
  value: {{ include "oims.app.pairs" .roles | quote }}
- name: OIMS_OIDC_ONLY
  value: {{ .only | quote }}
- name: OIMS_OIDC_SESSION_AGE
  value: {{ .sessionAge }}
- name: OIMS_OIDC_TOKEN_AGE
  value: {{ .tokenAge }}
- name: OIMS_OIDC_IS_SECOND_FACTOR
  value: {{ .isSecondFactor | quote }}
{{- end }}
{{- end }}
- name: OIMS_SECOND_FACTOR_ROLES
  value: {{ join "," $v.app.secondFactor.roles | quote }}
- name: OIMS_APPROVALS_NEED_SECOND_FACTOR
  value: {{ $v.app.secondFactor.forApprovals | quote }}
- name: OIMS_REOPEN_WINDOW
  value: {{ $v.app.alerts.reopenWindow }}
- name: OIMS_JOURNAL_SILENT_AFTER
  value: {{ $v.app.alerts.journalSilentAfter }}
- name: OIMS_WATCHDOG_SILENT_AFTER
  value: {{ $v.app.alerts.watchdogSilentAfter }}
{{- with $v.app.outgoing.allow }}
- name: OIMS_OUTGOING_ALLOW
  value: {{ join "," . | quote }}
{{- end }}
- name: OIMS_API_RATE_LIMIT
  value: {{ $v.app.apiRateLimit | int64 | quote }}
{{- /* What is empty is left to the app. */}}
{{- with $v.app.alerts }}
{{- $given := dict
      "OIMS_SEVERITY_LABELS" (join "," .severityLabels)
      "OIMS_SEVERITY_WORDS" (include "oims.app.pairs" .severityWords)
      "OIMS_SERVICE_LABELS" (join "," .serviceLabels)
      "OIMS_EXPORTER_LABELS" (join "," .exporterLabels)
      "OIMS_TITLE_TEMPLATE" .titleTemplate }}
{{- range $name, $value := $given }}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with include "oims.prometheusUrl" . }}
- name: OIMS_PROMETHEUS_URL
  value: {{ . | quote }}
{{- end }}
{{- with include "oims.alertmanagerUrl" . }}
- name: OIMS_ALERTMANAGER_URL
  value: {{ . | quote }}
{{- end }}
{{- include "oims.alertmanagerLogin.env" . }}
{{- if $v.app.demoFaults }}
- name: OIMS_DEMO_FAULTS
  value: "true"
{{- end }}
{{- end }}

{{/* What the migration knows beyond that. */}}
{{- define "oims.app.firstEnv" -}}
- name: OIMS_ADMIN_EMAIL
  value: {{ .Values.app.adminEmail | quote }}
- name: OIMS_ADMIN_PASSWORD_FILE
  value: /etc/oims/first/admin-password
- name: OIMS_AUTOMATION_TOKEN_FILE
  value: /etc/oims/first/automation-token
{{- end }}

{{/* And the worker. */}}
{{- define "oims.app.workerEnv" -}}
- name: OIMS_WORKER_PULSE
  value: {{ include "oims.app.pulse" . }}
{{- end }}

{{- define "oims.app.mounts" -}}
- {name: data, mountPath: /var/lib/oims}
- {name: tmp, mountPath: /tmp}
{{- include "oims.tls.mount" . }}
- {name: app-secret, mountPath: /etc/oims/app, readOnly: true}
- {name: reader-token, mountPath: /etc/oims/webhook, readOnly: true}
{{- if eq .Values.database.type "postgres" }}
- {name: database-url, mountPath: /etc/oims/database, readOnly: true}
{{- include "oims.databaseCa.mount" . }}
{{- end }}
{{- if .Values.app.smtp.user }}
- {name: smtp-password, mountPath: /etc/oims/smtp, readOnly: true}
{{- end }}
{{- if .Values.app.oidc.issuer }}
- {name: oidc-secret, mountPath: /etc/oims/oidc, readOnly: true}
{{- end }}
{{- include "oims.alertmanagerLogin.mount" . }}
{{- with .Values.app.extraVolumeMounts }}
{{ include "oims.templated" (list $ .) }}
{{- end }}
{{- end }}

{{- define "oims.app.secretName" -}}
{{- include "oims.secretName" (dict "root" . "component" "app" "existing" .Values.app.auth.existingSecret) -}}
{{- end }}

{{- define "oims.app.smtpSecretName" -}}
{{- .Values.app.smtp.existingSecret | default (printf "%s-smtp" (include "oims.fullname" .)) -}}
{{- end }}

{{- define "oims.app.oidcSecretName" -}}
{{- .Values.app.oidc.existingSecret | default (printf "%s-oidc" (include "oims.fullname" .)) -}}
{{- end }}

{{/* oims.app.pairs (map): as the app's settings want it. */}}
{{- define "oims.app.pairs" -}}
{{- $pairs := list -}}
{{- range $key, $value := . -}}
{{- $pairs = append $pairs (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end }}

{{/* A caller's address counts for the limits on log-ins: behind a proxy it is in a header that only the proxy may set. */}}
{{- define "oims.app.proxyHops" -}}
{{- $app := .Values.app -}}
{{- if kindIs "invalid" $app.proxyHops -}}
{{- ternary 1 0 (or $app.ingress.enabled $app.httpRoute.enabled) -}}
{{- else -}}
{{- int $app.proxyHops -}}
{{- end -}}
{{- end }}

{{/* The file that the worker touches while it works. */}}
{{- define "oims.app.pulse" -}}
/tmp/worker-pulse
{{- end }}

{{- define "oims.app.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http{{ include "oims.tls.probe" $ }}}
  periodSeconds: 2
  failureThreshold: 60
# Never asks the database: a restart would not mend it.
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
