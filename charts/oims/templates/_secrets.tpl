{{/* Secrets: made once and kept. */}}

{{/* oims.secretName (dict "root" $ "component" name "existing" name-or-empty) */}}
{{- define "oims.secretName" -}}
{{- .existing | default (include "oims.objectName" (list .root .component)) -}}
{{- end }}

{{/* oims.secretValue (dict "value" given "old" data-of-the-existing-Secret "key" key "length" number): the value
     given, else what the cluster already holds, else a random one. Base64, for a Secret's data. */}}
{{- define "oims.secretValue" -}}
{{- if .value -}}
{{- .value | b64enc -}}
{{- else if hasKey .old .key -}}
{{- get .old .key -}}
{{- else -}}
{{- randAlphaNum (.length | int) | b64enc -}}
{{- end -}}
{{- end }}

{{/* oims.oldSecret (list $ component): the data of the Secret in the cluster, or an empty map. */}}
{{- define "oims.oldSecret" -}}
{{- $secret := lookup "v1" "Secret" (include "oims.namespace" (first .)) (include "oims.objectName" .) -}}
{{- get ($secret | default dict) "data" | default dict | toYaml -}}
{{- end }}
