{{/* What every pod and container has in common. */}}

{{/* oims.image (dict "root" $ "image" map) */}}
{{- define "oims.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry .image.repository) .image.repository (not (empty $registry)) -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end }}

{{/* oims.podSpec (dict "root" $ "component" name "values" component's "uid" number ["token" bool] ["several" bool] ["grace" seconds]):
     what the component's own `pod` sets wins. */}}
{{- define "oims.podSpec" -}}
{{- $global := .root.Values.global -}}
{{- $values := .values -}}
{{- $pod := deepCopy ($values.pod | default dict) -}}
{{- $secrets := concat $global.imagePullSecrets ($pod.imagePullSecrets | default list) -}}
{{- $selector := include "oims.selector" (list .root .component) | fromYaml -}}
{{- $security := dict "runAsNonRoot" true "runAsUser" .uid "runAsGroup" .uid "fsGroup" .uid
      "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if .serviceAccount }}
serviceAccountName: {{ .serviceAccount | quote }}
{{- end }}
automountServiceAccountToken: {{ dig "automountServiceAccountToken" (.token | default false) $pod }}
# A Service named "oims" would otherwise put OIMS_PORT and the like over our own settings.
enableServiceLinks: false
securityContext:
  {{- toYaml (mergeOverwrite $security (deepCopy $global.podSecurityContext) ($pod.securityContext | default dict)) | nindent 2 }}
{{- with $secrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ get (ternary (dict "name" .) . (kindIs "string" .)) "name" | quote }}
  {{- end }}
{{- end }}
{{- with $values.nodeSelector | default $global.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations | default $global.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity | default $global.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName | default $global.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- $grace := dig "terminationGracePeriodSeconds" .grace $pod }}
{{- if not (kindIs "invalid" $grace) }}
terminationGracePeriodSeconds: {{ $grace | int64 }}
{{- end }}
{{- with omit $pod "automountServiceAccountToken" "securityContext" "imagePullSecrets" "priorityClassName" "terminationGracePeriodSeconds" }}
{{ toYaml . }}
{{- end }}
{{- if $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
{{- else if .several }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- toYaml $selector | nindent 8 }}
{{- end }}
{{- end }}

{{/* oims.container (dict "root" $ "image" map ["values" the part's]): image and security of one container. */}}
{{- define "oims.container" -}}
image: {{ include "oims.image" . | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
securityContext:
  {{- $security := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
  {{- $own := dig "container" "securityContext" dict (.values | default dict) }}
  {{- toYaml (mergeOverwrite $security (deepCopy .root.Values.global.containerSecurityContext) (deepCopy $own)) | nindent 2 }}
{{- end }}

{{/* oims.checks (list container's values, text of the chart's own probes and lifecycle...): the values win, field by field. */}}
{{- define "oims.checks" -}}
{{- $own := dict -}}
{{- range rest . -}}
{{- $own = merge $own (fromYaml .) -}}
{{- end -}}
{{- range $field, $given := omit (first . | default dict) "securityContext" -}}
{{- $was := get $own $field | default dict -}}
{{- if eq $field "lifecycle" -}}
{{- range $hook, $action := $given -}}
{{- if kindIs "map" $action -}}
{{- $_ := set $was $hook (include "oims.handler" (list (get $was $hook) $action) | fromYaml) -}}
{{- else -}}
{{- $_ := set $was $hook $action -}}
{{- end -}}
{{- end -}}
{{- $_ := set $own $field $was -}}
{{- else -}}
{{- $_ := set $own $field (include "oims.handler" (list $was $given) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- with $own -}}
{{- toYaml . -}}
{{- end -}}
{{- end }}

{{/* oims.handler (list the-chart's the-value's): a probe or a hook. One way to look or act takes the place of another: Kubernetes
     refuses two. */}}
{{- define "oims.handler" -}}
{{- $own := first . | default dict -}}
{{- $given := last . | default dict -}}
{{- $ways := list "httpGet" "exec" "tcpSocket" "grpc" "sleep" -}}
{{- range $way := $ways -}}
{{- if hasKey $given $way -}}
{{- range $ways -}}
{{- $_ := unset $own . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (deepCopy $given)) -}}
{{- end }}

{{/* oims.envFrom (list $ sources) */}}
{{- define "oims.envFrom" -}}
{{- with last . -}}
envFrom:
  {{- include "oims.templated" (list (first $) .) | nindent 2 }}
{{- end -}}
{{- end }}

{{/* oims.env (list $ extraEnv text...): the variables of the texts, without those that the user sets, then the user's.
     A name that is there twice is refused by an apply on the server. */}}
{{- define "oims.env" -}}
{{- $extra := include "oims.templated" (list (first .) (index . 1 | default list)) | fromYamlArray -}}
{{- $given := list -}}
{{- range $extra -}}
{{- $given = append $given .name -}}
{{- end -}}
{{- $variables := list -}}
{{- range slice . 2 -}}
{{- range . | fromYamlArray -}}
{{- if not (has .name $given) -}}
{{- $variables = append $variables . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- concat $variables $extra | toYaml -}}
{{- end }}

{{/* oims.podMetadata (dict "root" $ "component" name "values" component's ["checksums" dict of strings]) */}}
{{- define "oims.podMetadata" -}}
labels:
  {{- include "oims.selector" (list .root .component) | nindent 2 }}
  app.kubernetes.io/part-of: oims
  {{- with merge (dict) (.values.podLabels | default dict) .root.Values.global.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) (.values.podAnnotations | default dict) .root.Values.global.commonAnnotations }}
{{- range $name, $text := .checksums }}
{{- $_ := set $annotations (printf "checksum/%s" $name) (sha256sum $text) }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- include "oims.templated" (list $.root .) | nindent 2 }}
{{- end }}
{{- end }}

{{/* oims.strategy (list is-rolling the-value): the value, one writer of a file on a volume, or a rolling update. Both fields of the latter are
     written out, so that Helm owns them and may drop them again. */}}
{{- define "oims.strategy" -}}
{{- if last . -}}
{{- toYaml (last .) -}}
{{- else if first . -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: 1
  maxUnavailable: 0
{{- else -}}
type: Recreate
{{- end -}}
{{- end }}

{{/* oims.drain: let the endpoints forget a pod before it stops to listen; pointless where no other pod takes over. */}}
{{- define "oims.drain" -}}
{{- if . -}}
lifecycle:
  preStop:
    sleep:
      seconds: 5
{{- end -}}
{{- end }}

{{/* oims.serviceAccount (dict "root" $ "component" name "values" component's): the object. */}}
{{- define "oims.serviceAccount" -}}
{{- if .values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- $name := include "oims.serviceAccountName" . }}
  {{- include "oims.metadata" (dict "root" .root "component" .component "name" $name "labels" .values.serviceAccount.labels "annotations" .values.serviceAccount.annotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}
{{- end }}

{{/* oims.pulseCheck (file): a probe's command; was the file touched within the last minute? */}}
{{- define "oims.pulseCheck" -}}
{{- $look := printf "import os, sys, time; sys.exit(time.time() - os.stat('%s').st_mtime > 60)" . -}}
{{- toJson (list "python" "-ISc" $look) -}}
{{- end }}
