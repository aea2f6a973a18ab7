{{/* TLS between the parts: one certificate with the names of all Services, in one Secret of the type kubernetes.io/tls. */}}

{{/* oims.tls ($): not empty when the parts speak TLS. */}}
{{- define "oims.tls" -}}
{{- if or .Values.tls.existingSecret .Values.tls.certManager.issuerRef -}}
true
{{- end -}}
{{- end }}

{{- define "oims.scheme" -}}
{{- ternary "https" "http" (not (empty (include "oims.tls" .))) -}}
{{- end }}

{{- define "oims.tls.secretName" -}}
{{- .Values.tls.existingSecret | default (include "oims.objectName" (list . "tls")) -}}
{{- end }}

{{/* oims.tls.probe ($): the rest of an httpGet. */}}
{{- define "oims.tls.probe" -}}
{{- if include "oims.tls" . }}, scheme: HTTPS{{ end -}}
{{- end }}

{{/* oims.tls.clientEnv ($) and oims.tls.serverEnv ($): what a part must know to call others, and to be called. */}}
{{- define "oims.tls.clientEnv" -}}
{{- include "oims.privateCa.clientEnv" . }}
{{- if include "oims.tls" . }}
- name: OIMS_CA_FILE
  value: /etc/oims/tls/ca.crt
{{- end }}
{{- end }}

{{- define "oims.tls.serverEnv" -}}
{{- if include "oims.tls" . }}
- name: OIMS_TLS_CERT_FILE
  value: /etc/oims/tls/tls.crt
- name: OIMS_TLS_KEY_FILE
  value: /etc/oims/tls/tls.key
{{- end }}
{{- end }}

{{/* oims.tls.mount ($): the folder, not single files: a renewed certificate arrives in the running pod. */}}
{{- define "oims.tls.mount" -}}
{{- include "oims.privateCa.mount" . }}
{{- if include "oims.tls" . }}
- {name: tls, mountPath: /etc/oims/tls, readOnly: true}
{{- end }}
{{- end }}

{{/* oims.tls.volume (list $ key...) */}}
{{- define "oims.tls.volume" -}}
{{- include "oims.privateCa.volume" (first .) }}
{{- if include "oims.tls" (first .) }}
- name: tls
  secret:
    secretName: {{ include "oims.tls.secretName" (first .) | quote }}
    defaultMode: 0440
    items:
      {{- range rest . }}
      - {key: {{ . | quote }}, path: {{ . }}}
      {{- end }}
{{- end }}
{{- end }}

{{/* oims.tls.scrape (list $ component): how Prometheus calls a pod, whose address is not in its certificate. */}}
{{- define "oims.tls.scrape" -}}
{{- if include "oims.tls" (first .) }}
scheme: https
tls_config:
  ca_file: /etc/oims/tls/ca.crt
  server_name: {{ include "oims.objectName" . }}
{{- end }}
{{- end }}

{{/* The web.config of Prometheus and Alertmanager; both read a renewed certificate by themselves. */}}
{{- define "oims.tls.webConfig" -}}
tls_server_config:
  cert_file: /etc/oims/tls/tls.crt
  key_file: /etc/oims/tls/tls.key
{{- end }}
