{{/* Prometheus and Alertmanager on the app's host: the Ingress controller asks the app about each request. */}}

{{/* oims.loginAnnotations (dict "root" $ "role" name): how this controller is told to ask. */}}
{{- define "oims.loginAnnotations" -}}
{{- $root := .root -}}
{{- $values := $root.Values.monitoring.ingress -}}
{{- $service := printf "%s.%s.svc.%s:%d" (include "oims.objectName" (list $root "app")) (include "oims.namespace" $root) $values.clusterDomain (int $root.Values.app.service.port) -}}
{{- $check := printf "%s://%s/session/%s" (include "oims.scheme" $root) $service .role -}}
{{- $enter := printf "%s/session/enter?next=" (include "oims.baseUrl" $root) -}}
{{- $own := dict -}}
{{- if eq $values.controller "ingress-nginx" -}}
{{- $own = dict
      "nginx.ingress.kubernetes.io/auth-url" $check
      "nginx.ingress.kubernetes.io/auth-signin" (printf "%s$escaped_request_uri" $enter) -}}
{{- if include "oims.tls" $root -}}
{{- $_ := set $own "nginx.ingress.kubernetes.io/backend-protocol" "HTTPS" -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := $values.annotations -}}
{{- $_ := set $own $key (tpl $value (merge (dict "check" $check "enter" $enter) $root)) -}}
{{- end -}}
{{- toYaml $own -}}
{{- end }}

{{/* oims.monitoringIngressProblems ($): a JSON list of what would leave a way in open, or lead nowhere. */}}
{{- define "oims.monitoringIngressProblems" -}}
{{- $v := .Values -}}
{{- $values := $v.monitoring.ingress -}}
{{- $problems := list -}}
{{- range $part := list "prometheus" "alertmanager" -}}
{{- if get $values $part -}}
{{- $path := printf "monitoring.ingress.%s" $part -}}
{{- if not (get $v $part).enabled -}}
{{- $problems = append $problems (printf "%s is set, but %s.enabled is false: set it to true, or leave the role empty." $path $part) -}}
{{- end -}}
{{- if (get $v $part).publicUrl -}}
{{- $problems = append $problems (printf "%s is set beside %s.publicUrl: it has its address from the app, so leave one of them empty." $path $part) -}}
{{- end -}}
{{- if not $v.app.ingress.enabled -}}
{{- $problems = append $problems (printf "%s is set without app.ingress.enabled: people log in at the app on the same host." $path) -}}
{{- end -}}
{{- if or (not $values.controller) (and (eq $values.controller "other") (not $values.annotations)) -}}
{{- $problems = append $problems (printf "%s would be open to everyone: say in monitoring.ingress.controller which Ingress controller asks the app, or with \"other\" by which monitoring.ingress.annotations." $path) -}}
{{- end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.allowFrom.app) (not (get $v.networkPolicy.allowFrom $part)) -}}
{{- $problems = append $problems (printf "%s is set, but no NetworkPolicy lets the Ingress controller in: name its pods in networkPolicy.allowFrom.app." $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
