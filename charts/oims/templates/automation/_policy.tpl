{{/* oims.policyProblems ($): a JSON list of what the policy wants to repair and automation.targets does not allow. Its shape
     is the schema's business. */}}
{{- define "oims.policyProblems" -}}
{{- $targets := include "oims.targets" . | fromYaml -}}
{{- $policy := .Values.automation.inCluster.policy -}}
{{- $mode := dig "defaults" "mode" "auto" $policy -}}
{{- $problems := list -}}
{{- range $index, $remedy := $policy.remedies -}}
{{- $isOff := has (get $remedy "mode" | toString | default (toString $mode)) (list "off" "false") -}}
{{- range $wanted := include "oims.possibleTargets" $remedy.target | fromJsonArray -}}
{{- $listed := get $targets $wanted.namespace -}}
{{- $known := include "oims.isTarget" (merge (dict "isListed" (hasKey $targets $wanted.namespace) "listed" $listed) $wanted) -}}
{{- if not (or $isOff $known) -}}
{{- $workload := ternary $wanted.name (printf "%s/%s" $wanted.kind $wanted.name) (eq $wanted.kind "Deployment") -}}
{{- $problems = append $problems (printf "automation.inCluster.policy.remedies[%d], for the alert %s, repairs %s %s in the namespace %s, which automation.targets lacks: add %s to automation.targets.namespaces.%s, or correct the target." $index $remedy.alert $wanted.kind $wanted.name $wanted.namespace $workload $wanted.namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}

{{/* oims.possibleTargets (target of a remedy): a JSON list of kind, namespace and name of what it may turn out to be; `*` is any name. */}}
{{- define "oims.possibleTargets" -}}
{{- $kinds := list .kind -}}
{{- $namespaces := include "oims.policyNames" .namespace | fromJsonArray -}}
{{- $names := include "oims.policyNames" .name | fromJsonArray -}}
{{- if hasKey . "owner_of" -}}
{{- $kinds = .kinds | default (list "Deployment" "StatefulSet" "DaemonSet") -}}
{{- $namespaces = .namespaces -}}
{{- $names = .workloads | default (list "*") -}}
{{- end -}}
{{- $found := list -}}
{{- range $kind := $kinds -}}
{{- range $namespace := $namespaces -}}
{{- range $name := $names -}}
{{- $found = append $found (dict "kind" $kind "namespace" $namespace "name" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end }}

{{/* oims.policy ($): the policy of the values, then the remedies of the library, as YAML; nothing where the image's own is used. */}}
{{- define "oims.policy" -}}
{{- $policy := deepCopy .Values.automation.inCluster.policy -}}
{{- with .Values.automation.library -}}
{{- $library := $.Files.Get (printf "files/policies/%s.yml" .) | fromYaml -}}
{{- $namespaces := include "oims.libraryNamespaces" $ | fromJsonArray -}}
{{- $remedies := $policy.remedies | default list -}}
{{- range $library.remedies -}}
{{- $target := merge (dict "namespaces" $namespaces) .target -}}
{{- $remedies = append $remedies (merge (dict "target" $target) . $library.defaults) -}}
{{- end -}}
{{- $_ := set $policy "remedies" $remedies -}}
{{- $_ := set $policy "limits" ($policy.limits | default $library.limits) -}}
{{- end -}}
{{- with $policy -}}
{{- toYaml . -}}
{{- end -}}
{{- end }}

{{/* oims.libraryNamespaces ($): a JSON list of the namespaces that the library's remedies may touch: those listed whole. */}}
{{- define "oims.libraryNamespaces" -}}
{{- $namespaces := list -}}
{{- range $namespace, $listed := .Values.automation.targets.namespaces -}}
{{- if not $listed -}}
{{- $namespaces = append $namespaces $namespace -}}
{{- end -}}
{{- end -}}
{{- toJson $namespaces -}}
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
