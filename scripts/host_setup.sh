#!/usr/bin/env bash
# Writes what the monitor needs on this host, with the rights of the current kube context.
#
# Usage: host_setup.sh [--renew] [--help]
#
#   --renew     only write a new token and kubeconfig
#
# The folder (mode 0700) holds afterwards, each readable by you alone:
#   kubeconfig    for exactly the release's monitor account, nobody else
#   token         that account's, which the kubeconfig names; it ends after OIMS_TOKEN_HOURS
#   token-end     when it ends; the monitor warns before
#   reader-token  may read the webhook's journal
#   event-key     checks the signature of log lines
#   api-token     reports to the incident app
#   ca.crt        whose certificates are trusted; only where the parts speak TLS
# Run it again after the release's Secrets changed; a running monitor takes the new ones at its next start.
#
# The account's token ends after 24 hours at most, so run this again before that with --renew; the units
# deploy/systemd/oims-monitor-token.* do it. The account cannot renew its own token: who steals it has it for a
# day. A token without an end that an earlier version of this program made is deleted.
#
# Settings, from the environment:
#   OIMS_NAMESPACE       namespace of the release (incident-mgmt)
#   OIMS_RELEASE         name of the release (oims)
#   OIMS_HOST_DIR        the folder (~/.config/oims); each release needs its own
#   OIMS_TOKEN_HOURS     how long the token is asked to last, 1 to 24 (24)
#   OIMS_WEBHOOK_SECRET  Secret with reader-token and event-key (the one that the chart made)
#   OIMS_APP_SECRET      Secret with automation-token (the one that the chart made)
#   KUBECONFIG           as for kubectl
#
# Exit status: 0 done, 1 something is missing in the cluster, 2 wrong option or folder, 3 kubectl is missing
set -Eeuo pipefail
shopt -s inherit_errexit
umask 077

die() { # EXIT_STATUS TEXT
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

print_help() {
  local line
  while IFS= read -r line && [[ "$line" == '#'* ]]; do
    [[ "$line" == '#!'* ]] && continue
    line="${line#\#}"
    printf '%s\n' "${line# }"
  done <"${BASH_SOURCE[0]}"
}

kube() { timeout -k 2 30 kubectl --namespace "$OIMS_NAMESPACE" "$@"; }

load_settings() {
  : "${OIMS_NAMESPACE:=incident-mgmt}" "${OIMS_RELEASE:=oims}" "${OIMS_HOST_DIR:=$HOME/.config/oims}"
  : "${OIMS_TOKEN_HOURS:=24}"
  [[ "$OIMS_TOKEN_HOURS" =~ ^([1-9]|1[0-9]|2[0-4])$ ]] || die 2 "OIMS_TOKEN_HOURS must be a whole number from 1 to 24, not '$OIMS_TOKEN_HOURS'"
}

make_folder() {
  mkdir -p -- "$OIMS_HOST_DIR" || die 2 "OIMS_HOST_DIR: the folder $OIMS_HOST_DIR cannot be made"
  ((EUID == 0)) || [[ -O "$OIMS_HOST_DIR" ]] || die 2 "OIMS_HOST_DIR: the folder $OIMS_HOST_DIR is not yours"
  chmod 0700 -- "$OIMS_HOST_DIR"
}

# write NAME: stdin into a file of the folder, all at once.
write() {
  cat >"$OIMS_HOST_DIR/.$1.new"
  # As root for another account: what it may read stays its own.
  if ((EUID == 0)); then chown --reference="$OIMS_HOST_DIR" -- "$OIMS_HOST_DIR/.$1.new"; fi
  mv -f -- "$OIMS_HOST_DIR/.$1.new" "$OIMS_HOST_DIR/$1"
  printf 'wrote %s\n' "$OIMS_HOST_DIR/$1"
}

# secret_value SECRET KEY: nothing when there is no such Secret or key.
secret_value() {
  kube get secret "$1" --ignore-not-found --output "go-template={{with .data}}{{with index . \"$2\"}}{{. | base64decode}}{{end}}{{end}}"
}

write_secret() { # FILE SECRET KEY
  local value
  value="$(secret_value "$2" "$3")"
  [[ -n "$value" ]] || die 1 "Secret $2 in namespace $OIMS_NAMESPACE has no $3; is the release $OIMS_RELEASE installed there?"
  printf '%s\n' "$value" | write "$1"
}

# find_account: by its labels, for the chart makes the release's name a part of its objects' names, or not.
find_account() {
  ACCOUNT="$(kube get serviceaccount --selector "app.kubernetes.io/instance=$OIMS_RELEASE,app.kubernetes.io/component=monitor" \
    --output 'jsonpath={.items[*].metadata.name}')" ||
    die 1 "the accounts of namespace $OIMS_NAMESPACE cannot be read (see above)"
  [[ -n "$ACCOUNT" ]] ||
    die 1 "the release $OIMS_RELEASE has no monitor's account in namespace $OIMS_NAMESPACE; install the chart with automation.monitor.enabled, or set OIMS_RELEASE and OIMS_NAMESPACE"
  readonly ACCOUNT
  : "${OIMS_WEBHOOK_SECRET:=${ACCOUNT%-monitor}-webhook}" "${OIMS_APP_SECRET:=${ACCOUNT%-monitor}-app}"
}

# check_owner: one folder serves one release, so another one's files are not overwritten.
check_owner() {
  local owner=''
  [[ -e "$OIMS_HOST_DIR/kubeconfig" ]] || return 0
  if [[ "$(<"$OIMS_HOST_DIR/kubeconfig")" =~ user:\ ([^,]*),\ namespace:\ ([^}]*)\} ]]; then
    owner="${BASH_REMATCH[1]} in namespace ${BASH_REMATCH[2]}"
  fi
  [[ "$owner" == "$ACCOUNT in namespace $OIMS_NAMESPACE" ]] ||
    die 2 "OIMS_HOST_DIR: $OIMS_HOST_DIR is the folder of another release (account ${owner:-unknown}); set OIMS_HOST_DIR to a folder of its own for the release $OIMS_RELEASE"
}

# write_authority: of the Secret that the webhook serves with, if it speaks TLS.
write_authority() {
  local secret
  secret="$(kube get deployment --selector "app.kubernetes.io/instance=$OIMS_RELEASE,app.kubernetes.io/component=webhook" \
    --output 'jsonpath={.items[*].spec.template.spec.volumes[?(@.name=="tls")].secret.secretName}')"
  if [[ -n "$secret" ]]; then write_secret ca.crt "$secret" ca.crt; else rm -f -- "$OIMS_HOST_DIR/ca.crt"; fi
}

# write_token: for as long as the API server grants, which may be less than asked for.
write_token() {
  local answer
  answer="$(kube create token "$ACCOUNT" --duration "${OIMS_TOKEN_HOURS}h" --output 'jsonpath={.status.token} {.status.expirationTimestamp}')" ||
    die 1 "no token was given for the account $ACCOUNT; it needs the right to create serviceaccounts/token"
  [[ "$answer" == *' '* ]] || die 1 "the API server's answer has no token"
  printf '%s' "${answer%% *}" | write token # no end of line: Python's client would send it along
  printf '%s\n' "${answer##* }" | write token-end
  printf 'the token ends at %s\n' "${answer##* }"
  kube delete secret "$ACCOUNT-token" --ignore-not-found >/dev/null ||
    die 1 "the Secret $ACCOUNT-token, a token without an end, cannot be deleted; delete it by hand"
}

# cluster FIELD: of the current context.
cluster() { kubectl config view --minify --raw --flatten --output "jsonpath={.clusters[0].cluster.$1}"; }

write_kubeconfig() {
  local server authority name proxy
  server="$(cluster server)"
  authority="$(cluster certificate-authority-data)"
  name="$(cluster tls-server-name)"
  proxy="$(cluster proxy-url)"
  {
    printf 'apiVersion: v1\nkind: Config\ncurrent-context: oims\n'
    printf 'contexts:\n  - name: oims\n    context: {cluster: oims, user: %s, namespace: %s}\n' "$ACCOUNT" "$OIMS_NAMESPACE"
    printf 'users:\n  - name: %s\n    user:\n      tokenFile: token\n' "$ACCOUNT"
    printf 'clusters:\n  - name: oims\n    cluster:\n      server: "%s"\n' "$server"
    if [[ -n "$authority" ]]; then printf '      certificate-authority-data: "%s"\n' "$authority"; fi
    if [[ -n "$name" ]]; then printf '      tls-server-name: "%s"\n' "$name"; fi
    if [[ -n "$proxy" ]]; then printf '      proxy-url: "%s"\n' "$proxy"; fi
  } | write kubeconfig
}

check_kubeconfig() {
  KUBECONFIG="$OIMS_HOST_DIR/kubeconfig" kube auth can-i list pods >/dev/null ||
    die 1 "the new kubeconfig may not list pods in namespace $OIMS_NAMESPACE; see its Role $ACCOUNT"
}

main() {
  local renew=false
  case "${1:-}" in
    '') ;;
    --renew) renew=true ;;
    -h | --help) print_help && exit 0 ;;
    *) die 2 "unknown option $1; --help shows the use" ;;
  esac
  command -v kubectl >/dev/null || die 3 "kubectl is not installed or not on PATH; install it and start again"
  load_settings
  make_folder
  find_account
  check_owner
  if ! "$renew"; then
    write_secret reader-token "$OIMS_WEBHOOK_SECRET" reader-token
    write_secret event-key "$OIMS_WEBHOOK_SECRET" event-key
    write_secret api-token "$OIMS_APP_SECRET" automation-token
    write_authority
  fi
  write_token
  write_kubeconfig
  check_kubeconfig
  if "$renew"; then return; fi
  printf 'Now start the monitor: OIMS_HOST_DIR=%q scripts/monitor_alerts.sh\n' "$OIMS_HOST_DIR"
}

main "$@"
