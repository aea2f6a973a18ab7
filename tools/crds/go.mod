// The custom resource definitions that the chart's tests validate against. Nothing is built from here.
module oims.dev/tools/crds

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
