{{/* oims.scrapeService (dict "root" $ "component" name "port" number): every pod's address, ready or not, for Prometheus.
     Discovery by DNS needs no account at the Kubernetes API. */}}
{{- define "oims.scrapeService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- $name := printf "%s-pods" (include "oims.objectName" (list .root .component)) }}
  {{- include "oims.metadata" (dict "root" .root "component" .component "name" $name "labels" (dict "oims.dev/scrape" "true")) | nindent 2 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "oims.selector" (list .root .component) | nindent 4 }}
  ports:
    - {name: http, port: {{ .port }}, targetPort: http, protocol: TCP}
{{- end }}
