{{/* The app's database, out to a claim and in again: both Jobs are alike but for their script. */}}

{{- define "oims.backup.steps" -}}
backup: {script: back-up, store: send, attempts: 2, schedule: {{ .Values.backup.schedule | quote }}, suspend: {{ .Values.backup.suspend }}}
# Only a template for Jobs that a person starts.
restore: {script: restore, store: fetch, attempts: 0, schedule: "0 0 1 1 *", suspend: true}
{{- end }}

{{/* oims.backup.values ($): those of the pod. The file's volume can be on one node only: where the app is. */}}
{{- define "oims.backup.values" -}}
{{- $values := deepCopy (pick .Values.backup "pod" "podLabels" "podAnnotations") -}}
{{- if eq .Values.database.type "sqlite" -}}
{{- $selector := include "oims.selector" (list . "app") | fromYaml -}}
{{- $near := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" $selector) -}}
{{- $affinity := dict "podAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $near)) -}}
{{- $_ := set $values "affinity" $affinity -}}
{{- $_ := set $values "nodeSelector" .Values.app.nodeSelector -}}
{{- $_ := set $values "tolerations" .Values.app.tolerations -}}
{{- end -}}
{{- toYaml $values -}}
{{- end }}

{{/* oims.backup.container (dict "root" $ "script" name): the app's image for a file, PostgreSQL's for a server. */}}
{{- define "oims.backup.container" -}}
{{- $root := .root -}}
{{- $sqlite := eq $root.Values.database.type "sqlite" -}}
{{- $image := ternary $root.Values.app.image $root.Values.database.postgres.bundled.image $sqlite -}}
{{- include "oims.container" (dict "root" $root "image" $image) }}
command: [sh, /opt/oims-backup/{{ .script }}]
{{- if $sqlite }}
{{- with include "oims.envFrom" (list $root $root.Values.app.extraEnvFrom) }}
{{ . }}
{{- end }}
{{- end }}
env:
  - name: OIMS_BACKUPS_KEPT
    value: {{ $root.Values.backup.keep | int64 | quote }}
  {{- if $sqlite }}
  {{- include "oims.env" (list $root $root.Values.app.extraEnv (include "oims.app.env" $root)) | nindent 2 }}
  {{- else }}
  - name: OIMS_DATABASE_URL_FILE
    value: /etc/oims/database/url
  {{- include "oims.databaseCa.env" $root | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml $root.Values.backup.resources | nindent 2 }}
volumeMounts:
  - {name: script, mountPath: /opt/oims-backup, readOnly: true}
  - {name: backups, mountPath: /backups}
  {{- if $sqlite }}
  {{- include "oims.app.mounts" $root | trim | nindent 2 }}
  {{- else }}
  - {name: tmp, mountPath: /tmp}
  - {name: database-url, mountPath: /etc/oims/database, readOnly: true}
  {{- include "oims.databaseCa.mount" $root | nindent 2 }}
  {{- include "oims.privateCa.mount" $root | nindent 2 }}
  {{- end }}
{{- end }}

{{/* oims.backup.store (dict "root" $ "step" send or fetch): the container that carries a backup to the bucket or back. */}}
{{- define "oims.backup.store" -}}
{{- $root := .root -}}
{{- $s3 := $root.Values.backup.s3 -}}
name: {{ .step }}
{{ include "oims.container" (dict "root" $root "image" $root.Values.app.image) }}
command: [python, -m, app.ops.object_store, {{ .step }}]
args:
  - --endpoint={{ $s3.endpoint }}
  - --bucket={{ $s3.bucket }}
  - --prefix={{ $s3.prefix }}
  - --region={{ $s3.region }}
  - --credentials=/etc/oims/s3
  - --folder=/backups
  - --ending={{ ternary "db" "sql.gz" (eq $root.Values.database.type "sqlite") }}
  - --keep={{ $root.Values.backup.keep | int64 }}
  {{- with include "oims.privateCa" $root }}
  - --ca-file={{ . }}
  {{- end }}
resources:
  {{- toYaml $root.Values.backup.resources | nindent 2 }}
volumeMounts:
  - {name: backups, mountPath: /backups}
  - {name: s3, mountPath: /etc/oims/s3, readOnly: true}
  {{- include "oims.privateCa.mount" $root | nindent 2 }}
{{- end }}

{{- define "oims.backup.volumes" -}}
- name: script
  configMap:
    name: {{ include "oims.objectName" (list . "backup") }}
- name: backups
  {{- if .Values.backup.existingClaim }}
  persistentVolumeClaim:
    claimName: {{ .Values.backup.existingClaim | quote }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- if .Values.backup.s3.endpoint }}
- name: s3
  secret:
    secretName: {{ .Values.backup.s3.existingSecret | quote }}
    defaultMode: 0440
    items:
      - {key: access-key-id, path: access-key-id}
      - {key: secret-access-key, path: secret-access-key}
{{- end }}
{{- if eq .Values.database.type "sqlite" }}
{{ include "oims.app.volumes" . | trim }}
{{- else }}
- name: tmp
  emptyDir: {}
{{- include "oims.app.databaseVolumes" . }}
{{- include "oims.privateCa.volume" . }}
{{- end }}
{{- end }}
