{{/* oims.ruleFiles ($): a JSON object of file name to text. A file that nothing is changed in goes through as it lies, comments and
     all; none goes through a template, in which it would lose its {{ $labels }}. */}}
{{- define "oims.ruleFiles" -}}
{{- $rules := .Values.monitoring.rules -}}
{{- $isTuned := or $rules.disabled $rules.alerts $rules.labels $rules.runbookBaseUrl -}}
{{- $files := dict -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yml" -}}
{{- $text := $.Files.Get $path -}}
{{- if $isTuned -}}
{{- $text = dict "groups" (include "oims.tunedGroups" (list $rules ($text | fromYaml)) | fromYamlArray) | toYaml -}}
{{- end -}}
{{- $_ := set $files (base $path) $text -}}
{{- end -}}
{{- toJson $files -}}
{{- end }}

{{/* oims.tunedGroups (list monitoring.rules (parsed rule file)): the groups that are left, as YAML. */}}
{{- define "oims.tunedGroups" -}}
{{- $tuning := first . -}}
{{- $groups := list -}}
{{- range (last .).groups -}}
{{- $kept := list -}}
{{- range $rule := .rules -}}
{{- if not (has $rule.alert $tuning.disabled) -}}
{{- $own := get $tuning.alerts $rule.alert | default dict -}}
{{- range $key := list "for" "keep_firing_for" -}}
{{- if hasKey $own $key -}}
{{- $_ := set $rule $key (get $own $key) -}}
{{- end -}}
{{- end -}}
{{- $severity := ternary (dict "severity" $own.severity) dict (hasKey $own "severity") -}}
{{- $_ := set $rule "labels" (mergeOverwrite (dict) $rule.labels $tuning.labels ($own.labels | default dict) $severity) -}}
{{- with $tuning.runbookBaseUrl -}}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s/%s" (trimSuffix "/" .) $rule.annotations.runbook_url) -}}
{{- end -}}
{{- $kept = append $kept $rule -}}
{{- end -}}
{{- end -}}
{{- if $kept -}}
{{- $groups = append $groups (dict "name" .name "rules" $kept) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end }}

{{/* oims.ruleProblems ($): a JSON list of alerts that the values name and the chart does not have. */}}
{{- define "oims.ruleProblems" -}}
{{- $known := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- range .rules -}}
{{- $known = append $known .alert -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $rules := .Values.monitoring.rules -}}
{{- $problems := list -}}
{{- range $path, $names := dict "disabled" $rules.disabled "alerts" (keys $rules.alerts | sortAlpha) -}}
{{- range $names -}}
{{- if not (has . $known) -}}
{{- $problems = append $problems (printf "monitoring.rules.%s names the alert %s, which the chart does not have: it has %s." $path . (sortAlpha $known | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
