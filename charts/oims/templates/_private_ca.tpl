{{/* A private authority that the parts trust besides the public ones. */}}

{{- define "oims.privateCa" -}}
{{- with .Values.global.privateCa -}}
{{- if or .existingConfigMap .existingSecret -}}
/etc/oims/private-ca/ca.crt
{{- end -}}
{{- end -}}
{{- end }}

{{/* oims.privateCa.env ($): for OpenSSL and Go, which go on reading the folder of the public authorities. */}}
{{- define "oims.privateCa.env" -}}
{{- with include "oims.privateCa" . }}
- name: SSL_CERT_FILE
  value: {{ . }}
{{- end }}
{{- end }}

{{/* oims.privateCa.clientEnv ($): for our own parts. With TLS between them OIMS_CA_FILE names the CA of that. */}}
{{- define "oims.privateCa.clientEnv" -}}
{{- include "oims.privateCa.env" . }}
{{- if not (include "oims.tls" .) }}
{{- with include "oims.privateCa" . }}
- name: OIMS_CA_FILE
  value: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* oims.privateCa.mount ($): the folder, not the file: a new authority arrives in the running pod. */}}
{{- define "oims.privateCa.mount" -}}
{{- if include "oims.privateCa" . }}
- {name: private-ca, mountPath: /etc/oims/private-ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "oims.privateCa.volume" -}}
{{- if include "oims.privateCa" . }}
{{- $ca := .Values.global.privateCa }}
- name: private-ca
  {{- if $ca.existingConfigMap }}
  configMap:
    name: {{ $ca.existingConfigMap | quote }}
  {{- else }}
  secret:
    secretName: {{ $ca.existingSecret | quote }}
    defaultMode: 0440
  {{- end }}
    items:
      - {key: {{ $ca.key | quote }}, path: ca.crt}
{{- end }}
{{- end }}
