{{/* The Secrets that hold a database's address, and what a part needs to check the server's certificate. */}}

{{- define "oims.databaseSecret" -}}
{{- include "oims.secretName" (dict "root" . "component" "postgres" "existing" .Values.database.postgres.existingSecret) -}}
{{- end }}

{{- define "oims.databaseKey" -}}
{{- ternary .Values.database.postgres.existingSecretKey "url" (not (empty .Values.database.postgres.existingSecret)) -}}
{{- end }}

{{/* The journal's: of its own, that of the webhook's user in the bundled PostgreSQL, or the app's. */}}
{{- define "oims.journalSecret" -}}
{{- .Values.webhook.journal.existingSecret | default (include "oims.databaseSecret" .) -}}
{{- end }}

{{- define "oims.journalKey" -}}
{{- if .Values.webhook.journal.existingSecret -}}
{{- .Values.webhook.journal.existingSecretKey -}}
{{- else -}}
{{- ternary "webhook-url" (include "oims.databaseKey" .) .Values.database.postgres.bundled.enabled -}}
{{- end -}}
{{- end }}

{{/* oims.postgresUser (list $ part): the part's user in the bundled PostgreSQL. */}}
{{- define "oims.postgresUser" -}}
{{- printf "%s_%s" (first .).Values.database.postgres.user (last .) -}}
{{- end }}

{{/* oims.postgresUrl (dict "root" $ "user" name "password" text) */}}
{{- define "oims.postgresUrl" -}}
{{- $postgres := .root.Values.database.postgres -}}
{{- $bundled := $postgres.bundled.enabled -}}
{{- $host := ternary (include "oims.objectName" (list .root "postgres")) $postgres.host $bundled -}}
{{- $port := ternary 5432 (int $postgres.port) $bundled -}}
{{- $sslmode := ternary "disable" (ternary $postgres.sslmode "verify-full" (empty $postgres.caSecret)) $bundled -}}
{{- $password := .password | urlquery | replace "+" "%20" -}}
{{- printf "postgresql://%s:%s@%s:%d/%s?sslmode=%s" (.user | urlquery) $password $host $port $postgres.name $sslmode -}}
{{- end }}

{{/* oims.postgresPorts (dict "root" $ "secret" name "key" key): a JSON list of the ports in the address, where the Secret
     can be read, else that of the values. Several hosts may be named, each with its port. */}}
{{- define "oims.postgresPorts" -}}
{{- $secret := lookup "v1" "Secret" (include "oims.namespace" .root) .secret | default dict -}}
{{- $url := get ($secret.data | default dict) .key | default "" | b64dec -}}
{{- $hosts := regexFind "^[^/?]*" (regexReplaceAll "^(.*@|[a-z]+://)" $url "") -}}
{{- $ports := list -}}
{{- range regexFindAll ":[0-9]+(,|$)" $hosts -1 -}}
{{- $ports = append $ports (trimAll ":," . | int) -}}
{{- end -}}
{{- $ports | default (list (int .root.Values.database.postgres.port)) | uniq | toJson -}}
{{- end }}

{{- define "oims.databaseCa.env" -}}
{{- if .Values.database.postgres.caSecret }}
# What an address does not say itself.
- name: PGSSLMODE
  value: verify-full
- name: PGSSLROOTCERT
  value: /etc/oims/database-ca/ca.crt
{{- else }}
{{- with include "oims.privateCa" . }}
# Read where the address asks for a check (sslmode verify-full, verify-ca or require).
- name: PGSSLROOTCERT
  value: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "oims.databaseCa.mount" -}}
{{- if .Values.database.postgres.caSecret }}
- {name: database-ca, mountPath: /etc/oims/database-ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "oims.databaseCa.volume" -}}
{{- with .Values.database.postgres.caSecret }}
- name: database-ca
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
    items:
      - {key: ca.crt, path: ca.crt}
{{- end }}
{{- end }}
