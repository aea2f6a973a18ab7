{{/* Values that are templates themselves: each string of them, as in `"{{ .Release.Name }}-proxy"`. */}}

{{/* oims.templated (list $ value): the value with its strings filled in, as YAML. */}}
{{- define "oims.templated" -}}
{{- get (include "oims.templated.json" . | fromJson) "it" | toYaml -}}
{{- end }}

{{/* Keys, numbers and the quotes of YAML are out of a template's reach. */}}
{{- define "oims.templated.json" -}}
{{- $root := first . -}}
{{- $value := last . -}}
{{- $full := $value -}}
{{- if not (contains "{{" (toJson $value)) -}}
{{- else if kindIs "string" $value -}}
{{- $full = tpl $value $root -}}
{{- else if kindIs "map" $value -}}
{{- $full = dict -}}
{{- range $key, $part := $value -}}
{{- $_ := set $full $key (get (include "oims.templated.json" (list $root $part) | fromJson) "it") -}}
{{- end -}}
{{- else if kindIs "slice" $value -}}
{{- $full = list -}}
{{- range $value -}}
{{- $full = append $full (get (include "oims.templated.json" (list $root .) | fromJson) "it") -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "it" $full) -}}
{{- end }}

{{/* oims.hosts (list $ hosts): the host names, filled in, as a JSON list; the schema could not look at them. */}}
{{- define "oims.hosts" -}}
{{- $hosts := get (include "oims.templated.json" . | fromJson) "it" -}}
{{- range $hosts -}}
{{- if not (regexMatch "^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" .) -}}
{{- fail (printf "%q is no host name: look at the template of app.ingress.hosts or app.httpRoute.hostnames that makes it." .) -}}
{{- end -}}
{{- end -}}
{{- toJson $hosts -}}
{{- end }}
