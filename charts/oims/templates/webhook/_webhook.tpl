{{- define "oims.webhook.secretName" -}}
{{- include "oims.secretName" (dict "root" . "component" "webhook" "existing" .Values.webhook.auth.existingSecret) -}}
{{- end }}
