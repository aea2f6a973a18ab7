{{/* The gate: pods whose names a Role can know, unlike those of a Deployment. The monitor may forward to them and to no other. */}}
{{- define "oims.gate.enabled" -}}
{{- if and .Values.automation.monitor.enabled (gt (int .Values.automation.monitor.gate.replicas) 0) -}}
true
{{- end -}}
{{- end }}

{{/* oims.gate.rules ($): a rule with an empty list of names would be one for every pod. */}}
{{- define "oims.gate.rules" -}}
{{- if include "oims.gate.enabled" . -}}
{{- $root := . -}}
{{- $names := list -}}
{{- range until (int .Values.automation.monitor.gate.replicas) -}}
{{- $names = append $names (printf "%s-%d" (include "oims.objectName" (list $root "gate")) .) -}}
{{- end -}}
# get: kubectl's first choice is a WebSocket, whose opening the API server sees as reading.
- apiGroups: [""]
  resources: [pods/portforward]
  verbs: [create, get]
  resourceNames: {{ toJson $names }}
{{- end -}}
{{- end }}
