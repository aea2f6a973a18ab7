{{/* oims.pdb (dict "root" $ "component" name "values" component's) */}}
{{- define "oims.pdb" -}}
{{- if .values.pdb.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "oims.metadata" (dict "root" .root "component" .component) | nindent 2 }}
spec:
  {{- if kindIs "invalid" .values.pdb.minAvailable }}
  maxUnavailable: 1
  {{- else }}
  minAvailable: {{ .values.pdb.minAvailable }}
  {{- end }}
  {{- if ne .values.pdb.unhealthyPodEvictionPolicy "IfHealthyBudget" }}
  unhealthyPodEvictionPolicy: {{ .values.pdb.unhealthyPodEvictionPolicy }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "oims.selector" (list .root .component) | nindent 6 }}
{{- end }}
{{- end }}

{{/* oims.hpa (dict "root" $ "component" name "values" component's) */}}
{{- define "oims.hpa" -}}
{{- if .values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "oims.metadata" (dict "root" .root "component" .component) | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "oims.objectName" (list .root .component) }}
  minReplicas: {{ .values.autoscaling.minReplicas }}
  maxReplicas: {{ .values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .values.autoscaling.targetCPU }}
    {{- with .values.autoscaling.targetMemory }}
    - type: Resource
      resource:
        name: memory
        target:
          type: Utilization
          averageUtilization: {{ . }}
    {{- end }}
  {{- with .values.autoscaling.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
