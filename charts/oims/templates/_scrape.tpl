{{/* oims.scrapeService (dict "root" $ "component" name "port" number "name" of the port in the pod): every pod's address, ready or not, for Prometheus.
     Discovery by DNS needs no account at the Kubernetes API. */}}
{{- define "oims.scrapeService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- $name := printf "%s-pods" (include "oims.objectName" (list .root .component)) }}
  {{- include "oims.metadata" (dict "root" .root "component" .component "name" $name "labels" (dict "oims.dev/scrape" "true")) | nindent 2 }}
spec:
  {{- include "oims.ipFamilies" .root | nindent 2 }}
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "oims.selector" (list .root .component) | nindent 4 }}
  ports:
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}, protocol: TCP}
{{- end }}
