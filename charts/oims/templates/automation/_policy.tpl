{{/* oims.policyProblems ($): a JSON list of what the policy wants to repair and automation.targets does not allow. Its shape
     is the schema's business. */}}
{{- define "oims.policyProblems" -}}
{{- $targets := include "oims.targets" . | fromYaml -}}
{{- $policy := .Values.automation.inCluster.policy -}}
{{- $mode := dig "defaults" "mode" "auto" $policy -}}
{{- $problems := list -}}
{{- range $index, $remedy := $policy.remedies -}}
{{- $isOff := has (get $remedy "mode" | toString | default (toString $mode)) (list "off" "false") -}}
{{- range $namespace := include "oims.policyNames" $remedy.target.namespace | fromJsonArray -}}
{{- range $name := include "oims.policyNames" $remedy.target.name | fromJsonArray -}}
{{- $listed := get $targets $namespace -}}
{{- $known := include "oims.isTarget" (dict "isListed" (hasKey $targets $namespace) "listed" $listed "kind" $remedy.target.kind "name" $name) -}}
{{- if not (or $isOff $known) -}}
{{- $workload := ternary $name (printf "%s/%s" $remedy.target.kind $name) (eq $remedy.target.kind "Deployment") -}}
{{- $problems = append $problems (printf "automation.inCluster.policy.remedies[%d], for the alert %s, repairs %s %s in the namespace %s, which automation.targets lacks: add %s to automation.targets.namespaces.%s, or correct the target." $index $remedy.alert $remedy.target.kind $name $namespace $workload $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}

{{/* oims.policyNames (a name, or where a label gives it): a JSON list of all that it can be. */}}
{{- define "oims.policyNames" -}}
{{- if kindIs "map" . -}}
{{- toJson .allow -}}
{{- else -}}
{{- toJson (list .) -}}
{{- end -}}
{{- end }}

{{/* oims.isTarget (dict "isListed" bool "listed" workloads of a namespace "kind" kind "name" name) */}}
{{- define "oims.isTarget" -}}
{{- $isDeployment := eq .kind "Deployment" -}}
{{- $spellings := list (printf "%s/%s" .kind .name) (printf "%s/*" .kind) -}}
{{- if $isDeployment -}}
{{- $spellings = concat $spellings (list .name "*") -}}
{{- end -}}
{{- $found := and .isListed $isDeployment (empty .listed) -}}
{{- range $spellings -}}
{{- $found = or $found (has . ($.listed | default list)) -}}
{{- end -}}
{{- if $found -}}
true
{{- end -}}
{{- end }}
