{{/* Every bad combination of values, all at once, each with what to set. */}}
{{- define "oims.validate" -}}
{{- $v := .Values -}}
{{- $problems := list -}}
{{- $name := include "oims.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $problems = append $problems (printf "%s cannot begin the names of Services, which take lower-case letters, digits and -, and begin with a letter: name the release otherwise, or set fullnameOverride." $name) -}}
{{- end -}}
{{- $problems = concat $problems (include "oims.labelProblems" . | fromJsonArray) -}}
{{- $problems = concat $problems (include "oims.ruleProblems" . | fromJsonArray) -}}
{{- $problems = concat $problems (include "oims.monitoringIngressProblems" . | fromJsonArray) -}}
{{- if and $v.global.privateCa.existingConfigMap $v.global.privateCa.existingSecret -}}
{{- $problems = append $problems "global.privateCa.existingConfigMap is set beside global.privateCa.existingSecret: leave one of them empty." -}}
{{- end -}}
{{- $sqlite := eq $v.database.type "sqlite" -}}
{{- $postgres := $v.database.postgres -}}
{{- if and $sqlite (gt (int $v.app.replicas) 1) -}}
{{- $problems = append $problems (printf "app.replicas is %d, but a SQLite file has one writer: set app.replicas to 1, or database.type to postgres." (int $v.app.replicas)) -}}
{{- end -}}
{{- if and $sqlite $v.app.autoscaling.enabled -}}
{{- $problems = append $problems "app.autoscaling.enabled is true, but a SQLite file has one writer: turn it off, or set database.type to postgres." -}}
{{- end -}}
{{- if and $v.backup.enabled (not $v.backup.existingClaim) (not $v.backup.s3.endpoint) -}}
{{- $problems = append $problems "backup.enabled is true, but there is no place for the backups: make a claim, and set backup.existingClaim to its name, or set backup.s3." -}}
{{- end -}}
{{- if and $v.backup.s3.endpoint (or (not $v.backup.s3.bucket) (not $v.backup.s3.existingSecret)) -}}
{{- $problems = append $problems "backup.s3.endpoint is set without the rest: set backup.s3.bucket, and backup.s3.existingSecret to a Secret with the keys access-key-id and secret-access-key." -}}
{{- end -}}
{{- if and $v.backup.enabled $sqlite (or (not $v.database.sqlite.persistence.enabled) (has "ReadWriteOncePod" $v.database.sqlite.persistence.accessModes)) -}}
{{- $problems = append $problems "backup.enabled is true, but no pod beside the app's reaches the database file: set database.sqlite.persistence.enabled, with the access mode ReadWriteOnce." -}}
{{- end -}}
{{- $old := include "oims.oldSecret" (list . "app") | fromYaml -}}
{{- $password := $v.app.auth.adminPassword -}}
{{- if and $password (not $v.app.auth.existingSecret) (hasKey $old "admin-password") (ne (b64enc $password) (get $old "admin-password")) -}}
{{- $problems = append $problems "app.auth.adminPassword differs from that of the first installation, and the account keeps its own: take the value back; the password is changed on the profile page, or by `python -m app user password`." -}}
{{- end -}}
{{- $journal := $v.webhook.journal -}}
{{- $usesPostgres := or (not $sqlite) (and (eq $journal.type "postgres") (not $journal.existingSecret)) -}}
{{- if and $journal.existingSecret (ne $journal.type "postgres") -}}
{{- $problems = append $problems "webhook.journal.existingSecret is set, but webhook.journal.type is sqlite: set it to postgres, or leave the Secret empty." -}}
{{- end -}}
{{- if and $usesPostgres (not $postgres.existingSecret) (not $postgres.bundled.enabled) (or (not $postgres.host) (not $postgres.password)) -}}
{{- $problems = append $problems "PostgreSQL is chosen without a way to it: set database.postgres.existingSecret, or database.postgres.host and database.postgres.password, or database.postgres.bundled.enabled." -}}
{{- end -}}
{{- if and $postgres.bundled.enabled (or $postgres.host $postgres.existingSecret) -}}
{{- $problems = append $problems "database.postgres.bundled.enabled is true beside database.postgres.host or existingSecret: use the bundled PostgreSQL or your own, not both." -}}
{{- end -}}
{{- if and $postgres.bundled.enabled (not $usesPostgres) -}}
{{- $problems = append $problems "database.postgres.bundled.enabled is true, but nothing uses it: set database.type to postgres." -}}
{{- end -}}
{{- if and (eq $v.webhook.journal.type "sqlite") (or (gt (int $v.webhook.replicas) 1) $v.webhook.autoscaling.enabled) -}}
{{- $problems = append $problems "several webhook pods (webhook.replicas, webhook.autoscaling) need a shared journal: set webhook.journal.type to postgres." -}}
{{- end -}}
{{- $single := dict "app" (and $sqlite $v.app.strategy (eq ($v.app.strategy.type | default "RollingUpdate") "RollingUpdate")) "webhook" (and (eq $journal.type "sqlite") $v.webhook.strategy (eq ($v.webhook.strategy.type | default "RollingUpdate") "RollingUpdate")) -}}
{{- range $part, $isWrong := $single -}}
{{- if $isWrong -}}
{{- $problems = append $problems (printf "%s.strategy.type is RollingUpdate, but a SQLite file has one writer: set it to Recreate, or move to PostgreSQL." $part) -}}
{{- end -}}
{{- end -}}
{{- range $path, $scaling := dict "app.autoscaling" $v.app.autoscaling "webhook.autoscaling" $v.webhook.autoscaling -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- $problems = append $problems (printf "%s.minReplicas is greater than maxReplicas." $path) -}}
{{- end -}}
{{- end -}}
{{- if and $v.app.smtp.user (not $v.app.smtp.password) (not $v.app.smtp.existingSecret) -}}
{{- $problems = append $problems "app.smtp.user is set without a password: set app.smtp.existingSecret or app.smtp.password." -}}
{{- end -}}
{{- $oidc := $v.app.oidc -}}
{{- if and $oidc.issuer (or (not $oidc.clientId) (not (or $oidc.clientSecret $oidc.existingSecret))) -}}
{{- $problems = append $problems "app.oidc.issuer is set without the app's name and secret there: set app.oidc.clientId, and app.oidc.existingSecret or app.oidc.clientSecret." -}}
{{- end -}}
{{- if ne (empty $oidc.roleClaim) (empty $oidc.roles) -}}
{{- $problems = append $problems "app.oidc.roleClaim and app.oidc.roles need each other: set both or none." -}}
{{- end -}}
{{- if and $v.tls.existingSecret $v.tls.certManager.issuerRef -}}
{{- $problems = append $problems "tls.existingSecret is set beside tls.certManager.issuerRef: leave one of them empty." -}}
{{- end -}}
{{- if and $v.tls.certManager.issuerRef (not $v.tls.certManager.issuerRef.name) -}}
{{- $problems = append $problems "tls.certManager.issuerRef has no name: set tls.certManager.issuerRef.name." -}}
{{- end -}}
{{- if and $v.app.ingress.enabled (not $v.app.ingress.hosts) -}}
{{- $problems = append $problems "app.ingress.enabled is true without a host: set app.ingress.hosts." -}}
{{- end -}}
{{- if and $v.app.httpRoute.enabled (not $v.app.httpRoute.parentRefs) -}}
{{- $problems = append $problems "app.httpRoute.enabled is true without a gateway: set app.httpRoute.parentRefs." -}}
{{- end -}}
{{- if and $v.prometheus.enabled (not $v.alertmanager.enabled) (not $v.alertmanager.externalUrl) -}}
{{- $problems = append $problems "alertmanager.enabled is false and Prometheus has nobody to tell: set alertmanager.externalUrl, or prometheus.enabled to false." -}}
{{- end -}}
{{- if and $v.prometheus.enabled $v.prometheus.externalUrl -}}
{{- $problems = append $problems "prometheus.externalUrl is set beside prometheus.enabled: turn one of them off." -}}
{{- end -}}
{{- if and $v.alertmanager.enabled $v.alertmanager.externalUrl -}}
{{- $problems = append $problems "alertmanager.externalUrl is set beside alertmanager.enabled: turn one of them off." -}}
{{- end -}}
{{- $login := $v.alertmanager.externalLogin -}}
{{- if and (or $login.username $login.existingSecret) (or $v.alertmanager.enabled (not $v.alertmanager.externalUrl)) -}}
{{- $problems = append $problems "alertmanager.externalLogin is set without alertmanager.externalUrl, which it is for: set the address, or leave the log-in empty." -}}
{{- end -}}
{{- if and $login.username (not $login.existingSecret) -}}
{{- $problems = append $problems "alertmanager.externalLogin.username is set without a password: set alertmanager.externalLogin.existingSecret to a Secret with the key password." -}}
{{- end -}}
{{- if and $v.app.oidc.only (not $v.app.oidc.issuer) -}}
{{- $problems = append $problems "app.oidc.only is true, but there is no single sign-on to enforce: set app.oidc.issuer, or app.oidc.only to false." -}}
{{- end -}}
{{- if and $v.alertmanager.enabled (gt (int $v.alertmanager.replicas) 1) $v.alertmanager.persistence.existingClaim -}}
{{- $problems = append $problems "alertmanager.persistence.existingClaim serves one pod: set alertmanager.replicas to 1, or leave the claim empty." -}}
{{- end -}}
{{- $written := dict
      "prometheus" (list "global" "storage" "rule_files" "alerting" "scrape_configs" "remote_write")
      "alertmanager" (list "route" "receivers" "inhibit_rules") -}}
{{- range $part, $sections := $written -}}
{{- range $section, $_ := (get $v $part).extraConfig -}}
{{- if has $section $sections -}}
{{- $problems = append $problems (printf "%s.extraConfig sets %s, which is the chart's own: use the value that it has." $part $section) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.prometheus.enabled (gt (int $v.prometheus.replicas) 1) $v.prometheus.persistence.existingClaim -}}
{{- $problems = append $problems "prometheus.persistence.existingClaim serves one pod: set prometheus.replicas to 1, or leave the claim empty." -}}
{{- end -}}
{{- $receivers := list "oims-webhook" -}}
{{- range $v.alertmanager.extraReceivers -}}
{{- $receivers = append $receivers .name -}}
{{- end -}}
{{- if not (has $v.alertmanager.watchdogReceiver $receivers) -}}
{{- $problems = append $problems (printf "alertmanager.watchdogReceiver is %q, but there is no such receiver: add it to alertmanager.extraReceivers, or set it to oims-webhook." $v.alertmanager.watchdogReceiver) -}}
{{- end -}}
{{- range $v.alertmanager.extraRoutes -}}
{{- if and .receiver (not (has .receiver $receivers)) -}}
{{- $problems = append $problems (printf "a route of alertmanager.extraRoutes names the receiver %q, but there is no such receiver: add it to alertmanager.extraReceivers." .receiver) -}}
{{- end -}}
{{- end -}}
{{- $inCluster := $v.automation.inCluster -}}
{{- if and $inCluster.enabled (gt (int $inCluster.replicas) 1) $inCluster.persistence.existingClaim -}}
{{- $problems = append $problems "automation.inCluster.persistence.existingClaim serves one pod: set automation.inCluster.replicas to 1, or leave the claim empty." -}}
{{- end -}}
{{- if and $v.automation.library (not (include "oims.libraryNamespaces" . | fromJsonArray)) -}}
{{- $problems = append $problems "automation.library is set, but automation.targets.namespaces has no namespace with an empty list: add those whose workloads it may repair, as in `shop: []`." -}}
{{- end -}}
{{- if and $inCluster.enabled $inCluster.policy $inCluster.serviceAccount.create -}}
{{- $problems = concat $problems (include "oims.policyProblems" . | fromJsonArray) -}}
{{- end -}}
{{- $volumes := dict
      "database.sqlite.persistence" $v.database.sqlite.persistence
      "database.postgres.bundled.persistence" $postgres.bundled.persistence
      "webhook.journal.persistence" $v.webhook.journal.persistence
      "prometheus.persistence" $v.prometheus.persistence
      "alertmanager.persistence" $v.alertmanager.persistence
      "automation.inCluster.persistence" $v.automation.inCluster.persistence -}}
{{- range $path, $persistence := $volumes -}}
{{- if and $persistence.existingClaim (not $persistence.enabled) -}}
{{- $problems = append $problems (printf "%s.existingClaim is set, but %s.enabled is false: set it to true, or leave the claim empty." $path $path) -}}
{{- end -}}
{{- end -}}
{{- $kinds := dict
      "monitoring.serviceMonitor.enabled" (list $v.monitoring.serviceMonitor.enabled "monitoring.coreos.com/v1" "ServiceMonitor")
      "monitoring.prometheusRule.enabled" (list $v.monitoring.prometheusRule.enabled "monitoring.coreos.com/v1" "PrometheusRule")
      "tls.certManager.issuerRef" (list (not (empty $v.tls.certManager.issuerRef)) "cert-manager.io/v1" "Certificate")
      "app.httpRoute.enabled" (list $v.app.httpRoute.enabled "gateway.networking.k8s.io/v1" "HTTPRoute") -}}
{{- range $path, $kind := $kinds -}}
{{- $group := index $kind 1 -}}
{{- if and (first $kind) (not ($.Capabilities.APIVersions.Has $group)) -}}
{{- $problems = append $problems (printf "%s is set, but the cluster has no %s (%s): install its CRDs, or unset it. For an offline render add --api-versions %s." $path (last $kind) $group $group) -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\n%d problem(s) in the values:\n  - %s\n" (len $problems) (join "\n  - " $problems)) -}}
{{- end -}}
{{- end }}
