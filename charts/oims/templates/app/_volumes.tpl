{{/* Volumes of the app's pods: those of the Deployment, and of the Jobs that back up and restore its file. */}}
{{- define "oims.app.volumes" -}}
{{- if eq .Values.database.type "postgres" }}
- name: data
  emptyDir: {}
{{- else }}
{{ include "oims.dataVolume" (dict "root" . "component" "app" "persistence" .Values.database.sqlite.persistence) }}
{{- end }}
- name: tmp
  emptyDir: {}
{{- include "oims.tls.volume" (list . "tls.crt" "tls.key" "ca.crt") }}
- name: app-secret
  secret:
    secretName: {{ include "oims.app.secretName" . | quote }}
    defaultMode: 0440
    items:
      - {key: secret-key, path: secret-key}
- name: reader-token
  secret:
    secretName: {{ include "oims.webhook.secretName" . | quote }}
    defaultMode: 0440
    items:
      - {key: reader-token, path: reader-token}
{{- include "oims.app.databaseVolumes" . }}
{{- if .Values.app.smtp.user }}
- name: smtp-password
  secret:
    secretName: {{ include "oims.app.smtpSecretName" . | quote }}
    defaultMode: 0440
    items:
      - {key: smtp-password, path: smtp-password}
{{- end }}
{{- if .Values.app.oidc.issuer }}
- name: oidc-secret
  secret:
    secretName: {{ include "oims.app.oidcSecretName" . | quote }}
    defaultMode: 0440
    items:
      - {key: client-secret, path: client-secret}
{{- end }}
{{- include "oims.alertmanagerLogin.volume" . }}
{{- with .Values.app.extraVolumes }}
{{ include "oims.templated" (list $ .) }}
{{- end }}
{{- end }}

{{- define "oims.app.databaseVolumes" -}}
{{- if eq .Values.database.type "postgres" }}
- name: database-url
  secret:
    secretName: {{ include "oims.databaseSecret" . | quote }}
    defaultMode: 0440
    items:
      - {key: {{ include "oims.databaseKey" . | quote }}, path: url}
{{- include "oims.databaseCa.volume" . }}
{{- end }}
{{- end }}
