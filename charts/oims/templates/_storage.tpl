{{/* Volumes. */}}

{{/* oims.claimSpec (list $ persistence) */}}
{{- define "oims.claimSpec" -}}
{{- $persistence := last . -}}
{{- $class := $persistence.storageClass -}}
{{- if kindIs "invalid" $class -}}
{{- $class = (first .).Values.global.storageClass -}}
{{- end -}}
accessModes:
  {{- toYaml $persistence.accessModes | nindent 2 }}
resources:
  requests:
    storage: {{ $persistence.size }}
{{- /* An unset class must leave the field out: an empty one would be another, immutable, choice. */}}
{{- if not (kindIs "invalid" $class) }}
storageClassName: {{ ternary "" $class (eq $class "-") | quote }}
{{- end }}
{{- with $persistence.selector }}
selector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* oims.claim (dict "root" $ "component" name "persistence" map): the claim of a Deployment. */}}
{{- define "oims.claim" -}}
{{- if and .persistence.enabled (not .persistence.existingClaim) }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "oims.metadata" (dict "root" .root "component" .component "labels" .persistence.labels "annotations" .persistence.annotations "keep" true) | nindent 2 }}
spec:
  {{- include "oims.claimSpec" (list .root .persistence) | nindent 2 }}
{{- end }}
{{- end }}

{{/* oims.dataVolume (dict "root" $ "component" name "persistence" map): the volume "data" of a Deployment's pod. */}}
{{- define "oims.dataVolume" -}}
- name: data
  {{- if .persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .persistence.existingClaim | default (include "oims.objectName" (list .root .component)) | quote }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}

{{/* oims.statefulData (persistence): the volume "data" of a StatefulSet's pod, where it is no template of its own. */}}
{{- define "oims.statefulData" -}}
{{- if .existingClaim -}}
- name: data
  persistentVolumeClaim:
    claimName: {{ .existingClaim | quote }}
{{- else if not .enabled -}}
- name: data
  emptyDir: {}
{{- end -}}
{{- end }}

{{/* oims.claimTemplates (dict "root" $ "component" name "persistence" map): immutable, so only selector labels and those of the values. */}}
{{- define "oims.claimTemplates" -}}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: {{ ternary "Retain" "Delete" .root.Values.keepOnUninstall }}
  whenScaled: Retain
{{- if and .persistence.enabled (not .persistence.existingClaim) }}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
      labels:
        {{- include "oims.selector" (list .root .component) | nindent 8 }}
        {{- with .persistence.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .persistence.annotations }}
      annotations:
        {{- include "oims.templated" (list $.root .) | nindent 8 }}
      {{- end }}
    spec:
      {{- include "oims.claimSpec" (list .root .persistence) | nindent 6 }}
{{- end }}
{{- end }}
