{{/* oims.labelProblems ($): a JSON list of given labels that the chart sets itself. A key would be there twice. */}}
{{- define "oims.labelProblems" -}}
{{- $v := .Values -}}
{{- $own := include "oims.ownLabels" (list . "app") | fromYaml -}}
{{- $given := dict
      "global.commonLabels" $v.global.commonLabels
      "app.podLabels" $v.app.podLabels
      "webhook.podLabels" $v.webhook.podLabels
      "prometheus.podLabels" $v.prometheus.podLabels
      "alertmanager.podLabels" $v.alertmanager.podLabels
      "app.ingress.labels" $v.app.ingress.labels
      "app.httpRoute.labels" $v.app.httpRoute.labels
      "app.service.labels" $v.app.service.labels
      "database.sqlite.persistence.labels" $v.database.sqlite.persistence.labels
      "webhook.journal.persistence.labels" $v.webhook.journal.persistence.labels
      "database.postgres.bundled.persistence.labels" $v.database.postgres.bundled.persistence.labels
      "prometheus.persistence.labels" $v.prometheus.persistence.labels
      "alertmanager.persistence.labels" $v.alertmanager.persistence.labels
      "automation.inCluster.persistence.labels" $v.automation.inCluster.persistence.labels
      "backup.podLabels" $v.backup.podLabels
      "automation.inCluster.podLabels" $v.automation.inCluster.podLabels
      "monitoring.serviceMonitor.labels" $v.monitoring.serviceMonitor.labels
      "monitoring.prometheusRule.labels" $v.monitoring.prometheusRule.labels
      "monitoring.grafanaDashboard.labels" $v.monitoring.grafanaDashboard.labels -}}
{{- $problems := list -}}
{{- range $path, $labels := $given -}}
{{- range $key, $_ := $labels -}}
{{- if hasKey $own $key -}}
{{- $problems = append $problems (printf "%s sets %s, which is the chart's own: take it away." $path $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
