{{/* The log-in to an Alertmanager of the user's own, for each part that calls it. */}}

{{/* oims.alertmanagerLogin.key ($): of the Secret; empty when nobody asks for a log-in. */}}
{{- define "oims.alertmanagerLogin.key" -}}
{{- with .Values.alertmanager.externalLogin -}}
{{- if .existingSecret -}}
{{- ternary "password" "token" (not (empty .username)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "oims.alertmanagerLogin.env" -}}
{{- with include "oims.alertmanagerLogin.key" . }}
{{- if eq . "password" }}
- name: OIMS_ALERTMANAGER_USERNAME
  value: {{ $.Values.alertmanager.externalLogin.username | quote }}
{{- end }}
- name: OIMS_ALERTMANAGER_{{ upper . }}_FILE
  value: /etc/oims/alertmanager/{{ . }}
{{- end }}
{{- end }}

{{- define "oims.alertmanagerLogin.mount" -}}
{{- if include "oims.alertmanagerLogin.key" . }}
- {name: alertmanager-login, mountPath: /etc/oims/alertmanager, readOnly: true}
{{- end }}
{{- end }}

{{- define "oims.alertmanagerLogin.volume" -}}
{{- with include "oims.alertmanagerLogin.key" . }}
- name: alertmanager-login
  secret:
    secretName: {{ $.Values.alertmanager.externalLogin.existingSecret | quote }}
    defaultMode: 0440
    items:
      - {key: {{ . | quote }}, path: {{ . }}}
{{- end }}
{{- end }}

{{/* oims.alertmanagerLogin.prometheus ($): the rest of an entry of alertmanagers. */}}
{{- define "oims.alertmanagerLogin.prometheus" -}}
{{- with include "oims.alertmanagerLogin.key" . }}
{{- if eq . "password" }}
basic_auth:
  username: {{ $.Values.alertmanager.externalLogin.username | quote }}
  password_file: /etc/oims/alertmanager/password
{{- else }}
authorization:
  credentials_file: /etc/oims/alertmanager/token
{{- end }}
{{- end }}
{{- end }}
