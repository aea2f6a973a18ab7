# shellcheck shell=bash
# Options, settings, and whether the monitor may start with them.

AUTOMATION_OPTIONS=()
ONCE=false
SCHEME=http # of what the gate leads to

parse_options() {
  while (($#)); do
    case "$1" in
      --once) ONCE=true && AUTOMATION_OPTIONS+=("$1") ;;
      --dry-run) AUTOMATION_OPTIONS+=("$1") ;;
      -h | --help) print_help && exit 0 ;;
      *) die "$EXIT_USAGE" "unknown option $1; --help lists them" ;;
    esac
    shift
  done
}

in_cluster_log() { [[ -z "${OIMS_LOG_FILE:-}" ]]; }

need_tools() {
  local tool tools=(flock timeout tail stat mktemp mkfifo date "$OIMS_PYTHON")
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) || die "$EXIT_TOOL" "bash 5.1 or newer is needed; this is $BASH_VERSION"
  if in_cluster_log; then tools+=(kubectl); fi
  for tool in "${tools[@]}"; do
    command -v -- "$tool" >/dev/null || die "$EXIT_TOOL" "$tool is not installed or not on PATH; install it and start again"
  done
}

# need_private PATH: a secret that others can read is none.
need_private() {
  local mode
  [[ -r "$1" ]] || die "$EXIT_USAGE" "$1 is missing or not readable; 'make host-setup' writes it (folder: OIMS_HOST_DIR)"
  mode="$(stat -L -c %a -- "$1")"
  (((8#$mode & 8#77) == 0)) || die "$EXIT_USAGE" "$1 is open to other users (mode $mode); run: chmod go= '$1'"
}

# need_secret NAME FILE: NAME, or NAME_FILE, or FILE in the host folder.
need_secret() {
  local file_name="${1}_FILE"
  if [[ -n "${!1:-}" ]]; then return; fi
  export "$file_name=${!file_name:-$OIMS_HOST_DIR/$2}"
  need_private "${!file_name}"
}

need_number() { # NAME
  local value="${!1%s}"
  [[ "$value" =~ ^[1-9][0-9]{0,5}$ ]] || die "$EXIT_USAGE" "$1 must be a whole number of seconds, not '${!1}'"
  printf -v "$1" '%s' "$value"
}

load_settings() {
  : "${OIMS_NAMESPACE:=incident-mgmt}" "${OIMS_RELEASE:=oims}" "${OIMS_CONTAINER:=webhook}"
  : "${OIMS_HOST_DIR:=$HOME/.config/oims}" "${OIMS_HEARTBEAT_INTERVAL:=15}" "${OIMS_STOP_GRACE:=30}"
  if in_cluster_log; then
    export OIMS_LEASE="${OIMS_LEASE-$OIMS_RELEASE-automation}" OIMS_LEASE_NAMESPACE="${OIMS_LEASE_NAMESPACE:-$OIMS_NAMESPACE}"
  fi
  export OIMS_STOP_GRACE OIMS_PLAYBOOKS="${OIMS_PLAYBOOKS:-$ROOT/playbooks}"
  export OIMS_STATE_DIR="${OIMS_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/oims}"
  if [[ -z "${OIMS_PYTHON:-}" ]]; then
    OIMS_PYTHON=python3
    if [[ -x "$ROOT/.venv/bin/python" ]]; then OIMS_PYTHON="$ROOT/.venv/bin/python"; fi
  fi
}

check_settings() {
  need_number OIMS_HEARTBEAT_INTERVAL
  need_number OIMS_STOP_GRACE
  need_secret OIMS_JOURNAL_TOKEN reader-token
  need_secret OIMS_EVENT_KEY event-key
  need_secret OIMS_APP_TOKEN api-token
  if in_cluster_log; then
    export KUBECONFIG="${KUBECONFIG:-$OIMS_HOST_DIR/kubeconfig}"
    need_private "${KUBECONFIG%%:*}"
    # A kubeconfig of the user's own has another token.
    if [[ "$KUBECONFIG" == "$OIMS_HOST_DIR/kubeconfig" && -e "$OIMS_HOST_DIR/token-end" ]]; then export OIMS_TOKEN_END_FILE="${OIMS_TOKEN_END_FILE:-$OIMS_HOST_DIR/token-end}"; fi
    if [[ -e "$OIMS_HOST_DIR/ca.crt" ]]; then
      SCHEME=https
      export OIMS_CA_FILE="${OIMS_CA_FILE:-$OIMS_HOST_DIR/ca.crt}"
    fi
  else
    [[ -n "${OIMS_JOURNAL_URL:-}" ]] || die "$EXIT_USAGE" "OIMS_JOURNAL_URL must be set when OIMS_LOG_FILE is"
    [[ -n "${OIMS_APP_URL:-}" ]] || die "$EXIT_USAGE" "OIMS_APP_URL must be set when OIMS_LOG_FILE is"
  fi
}

# One monitor per state folder. Children must not hold the lock when this program is gone, so each is started with 9>&-.
take_lock() {
  local lock="$OIMS_STATE_DIR/monitor.lock" holder=''
  mkdir -p -- "$OIMS_STATE_DIR" || die "$EXIT_USAGE" "OIMS_STATE_DIR: the folder $OIMS_STATE_DIR cannot be made"
  need_private "$OIMS_STATE_DIR"
  exec 9>>"$lock"
  if ! flock -n 9; then
    read -r holder <"$lock" || true
    die "$EXIT_LOCKED" "another monitor (process ${holder:-unknown}) holds $lock; stop it, or set another OIMS_STATE_DIR"
  fi
  printf '%s\n' "$$" >"$lock"
}
