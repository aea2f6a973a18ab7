#!/usr/bin/env bash
# Follows the webhook's log and lets automation act on the alerts in it.
#
# Usage: monitor_alerts.sh [--once] [--dry-run] [--help]
#
#   --once      handle what the journal holds now, wait for runs and verdicts, end
#   --dry-run   decide and say, but run no playbook
#   --help      print this text
#
# A log line is only a hint: what is missed here, automation fetches from the journal.
#
# Settings, from the environment:
#   OIMS_LOG_FILE     follow this file; without it, the log of every webhook pod
#   OIMS_NAMESPACE    namespace of the release (incident-mgmt)
#   OIMS_RELEASE      name of the release (oims)
#   OIMS_CONTAINER    the pods' container that logs alerts (webhook)
#   OIMS_JOURNAL_URL  the webhook; without it, a port-forward is opened and renewed
#   OIMS_APP_URL      the incident app; likewise
#   OIMS_HOST_DIR     folder of kubeconfig, reader-token, event-key and api-token
#                     (~/.config/oims); used for each of KUBECONFIG, OIMS_JOURNAL_TOKEN,
#                     OIMS_EVENT_KEY and OIMS_APP_TOKEN that is not set, also not as *_FILE
#   OIMS_LEASE        the Lease that elects the one automation that acts, here or in the cluster
#                     (RELEASE-automation; set but empty: no election)
#   OIMS_LEASE_NAMESPACE  where that Lease is (OIMS_NAMESPACE)
#   OIMS_STATE_DIR    automation's state and this program's lock (~/.local/state/oims)
#   OIMS_HEARTBEAT_INTERVAL  seconds between the webhook's heartbeat lines (15)
#   OIMS_STOP_GRACE   seconds that a run in flight may take when told to stop (30)
#   OIMS_PYTHON       the Python that has automation's dependencies (.venv/bin/python)
#   NO_COLOR          no colour, on a terminal too
#   All of automation's settings are handed on.
#
# Exit status:
#   0  stopped by TERM or INT, or --once is done
#   1  failed while running
#   2  wrong option or setting
#   3  a tool is missing
#   4  another monitor holds the lock
#   5  automation refuses its settings or its policy; its message is above
set -Eeuo pipefail
shopt -s inherit_errexit
umask 077
# Ansible insists on UTF-8.
export LC_ALL=C.UTF-8

readonly EXIT_FAILED=1 EXIT_USAGE=2 EXIT_TOOL=3 EXIT_LOCKED=4 EXIT_REFUSED=5
readonly WANTED='"kind": ?"(alert|heartbeat)"' # the rest of the log is not for automation
ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT

AUTOMATION_OPTIONS=()
ONCE=false
SOURCES=()    # process groups that write lines
FORWARDS=()   # process groups that keep a port-forward
declare -A FORWARDED=() # local port by setting
AUTOMATION='' # its process group
STOPPING=false
FAILED=false
RUN_DIR=''
LAST_TIME='' # of the last line that a pod's log had, by the node's clock

# --- words ---------------------------------------------------------------------------------

# say COLOUR TEXT: one line on stderr, time first. TEXT may hold other programs' words.
say() {
  local colour="$1" text="${2//[^[:print:]]/?}" time
  TZ=UTC printf -v time '%(%Y-%m-%dT%H:%M:%S)T' "${EPOCHREALTIME%.*}"
  time+=".${EPOCHREALTIME#*.}"
  if [[ -t 2 && -z "${NO_COLOR:-}" ]]; then text=$'\e['"${colour}m${text}"$'\e[0m'; fi
  printf '%sZ %s\n' "${time:0:23}" "$text" >&2
}
info() { say 0 "$1"; }
warn() { say 33 "warning: $1"; }
die() { # EXIT_STATUS TEXT
  say 31 "error: $2"
  exit "$1"
}

# last_words FILE: the last line that a program left there.
last_words() {
  local words=''
  words="$(tail -n 1 -- "$1" 2>/dev/null)" || true
  printf '%s' "${words:-no message}"
}

print_help() {
  local line
  while IFS= read -r line && [[ "$line" == '#'* ]]; do
    [[ "$line" == '#!'* ]] && continue
    line="${line#\#}"
    printf '%s\n' "${line# }"
  done <"${BASH_SOURCE[0]}"
}

# --- start ---------------------------------------------------------------------------------

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
  local tool tools=(flock timeout grep tail stat mktemp mkfifo date "$OIMS_PYTHON")
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

# --- children ------------------------------------------------------------------------------

main_lives() { kill -0 "$$" 2>/dev/null; }

# start FUNCTION ...: in the background and in a process group of its own, so that one signal ends it with all its
# children. The group's id is in STARTED.
start() {
  set -m
  "$@" 9>&- &
  STARTED=$!
  set +m
}

end_group() {
  kill -KILL -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# pause ATTEMPT: 1, 2, 4, 8, 10, 10 … seconds, shortened by up to a half at random.
pause() {
  local most=$(($1 > 3 ? 10000 : 1000 << $1)) milliseconds
  milliseconds=$((most / 2 + RANDOM % (most / 2)))
  sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
}

# kube ARGS...: one short question to the API server.
kube() { timeout -k 2 15 kubectl --request-timeout=10s --namespace "$OIMS_NAMESPACE" "$@" 7>&- 8>&-; }

selector() { printf 'app.kubernetes.io/name=oims,app.kubernetes.io/instance=%s,app.kubernetes.io/component=%s' "$OIMS_RELEASE" "$1"; }

# --- lines ---------------------------------------------------------------------------------

# pass_on LINE: to automation, without the time that kubectl puts before it. Writers take turns, since a pipe mixes lines longer than 4 KiB.
pass_on() {
  local line="$1"
  if [[ "$line" =~ ^([0-9]{4}-[0-9T:.-]+Z)\ (.*)$ ]]; then
    LAST_TIME="${BASH_REMATCH[1]}"
    line="${BASH_REMATCH[2]}"
  fi
  flock 7
  printf '%s\n' "$line" >&8
  flock -u 7
}

# stream NAME COMMAND...: passes on what COMMAND prints until it ends (0) or has been silent for three heartbeats (1).
# LINES_READ counts.
stream() {
  local name="$1" pipe="$RUN_DIR/$1.pipe" lines line status=0 writer
  shift
  LINES_READ=0
  [[ -p "$pipe" ]] || mkfifo -- "$pipe"
  "$@" >"$pipe" 2>"$RUN_DIR/$name.err" 7>&- 8>&- &
  writer=$!
  exec {lines}< <(LC_ALL=C exec grep -a --line-buffered -E "$WANTED" <"$pipe" 7>&- 8>&-)
  while main_lives; do
    if IFS= read -r -t "$((3 * OIMS_HEARTBEAT_INTERVAL))" line <&"$lines"; then
      LINES_READ=$((LINES_READ + 1))
      pass_on "$line"
    else
      status=$(($? > 128))
      break
    fi
  done
  kill -KILL "$writer" 2>/dev/null || true # it may hang, and it has nothing to put in order
  wait "$writer" 2>/dev/null || true
  exec {lines}<&-
  return "$status"
}

# why NAME STATUS: a stream's end in words.
why() {
  if (($2)); then
    printf 'silent for %s s' "$((3 * OIMS_HEARTBEAT_INTERVAL))"
  else
    printf 'ended (%s)' "$(last_words "$RUN_DIR/$1.err")"
  fi
}

follow_file() {
  local attempt=0 status
  exec 7>"$RUN_DIR/turn"
  [[ -e "$OIMS_LOG_FILE" ]] || warn "$OIMS_LOG_FILE does not exist yet; waiting for it"
  info "following $OIMS_LOG_FILE"
  while main_lives; do
    status=0
    stream file tail -n 1000 -F -- "$OIMS_LOG_FILE" || status=$?
    warn "$OIMS_LOG_FILE: $(why file "$status"); opening it again"
    attempt=$((LINES_READ ? 0 : attempt + 1))
    pause "$attempt"
  done
}

# --- pods ----------------------------------------------------------------------------------

# webhook_pods: lines of UID and name. A finished pod has nothing more to say.
webhook_pods() {
  kube get pods --selector "$(selector webhook)" --field-selector 'status.phase!=Succeeded,status.phase!=Failed' \
    --output 'jsonpath={range .items[*]}{.metadata.uid} {.metadata.name}{"\n"}{end}' 2>"$RUN_DIR/pods.err"
}

watch_pods() {
  local -A follower=()
  local pods uid pod told=''
  while main_lives; do
    if ! pods="$(webhook_pods)"; then
      warn "cannot list the webhook's pods ($(last_words "$RUN_DIR/pods.err")); trying again"
    elif [[ -z "$pods" && "$told" != none ]]; then
      warn "no webhook pod of release $OIMS_RELEASE in namespace $OIMS_NAMESPACE; waiting for one"
      told=none
    fi
    while read -r uid pod; do
      if [[ -z "$uid" ]]; then continue; fi
      told=''
      if [[ -n "${follower[$uid]:-}" ]] && kill -0 "${follower[$uid]}" 2>/dev/null; then continue; fi
      follow_pod "$pod" "$uid" &
      follower[$uid]=$!
    done <<<"$pods"
    sleep "$OIMS_HEARTBEAT_INTERVAL"
  done
}

# pod_state POD: UID, phase and the container's count of restarts; nothing when the pod is gone.
pod_state() {
  kube get pod "$1" --ignore-not-found --output \
    "jsonpath={.metadata.uid} {.status.phase} {.status.containerStatuses[?(@.name==\"$OIMS_CONTAINER\")].restartCount}" 2>"$RUN_DIR/$1.err"
}

# since: options to resume two seconds before the last line: its time is cut to the second.
since() {
  if [[ -z "$LAST_TIME" ]]; then return; fi
  date -u -d "@$(($(date -u -d "$LAST_TIME" +%s) - 2))" '+--since-time=%Y-%m-%dT%H:%M:%SZ'
}

pod_log() { # POD OPTIONS...
  local pod="$1"
  shift
  stream "$pod" kubectl --namespace "$OIMS_NAMESPACE" logs "$pod" --container "$OIMS_CONTAINER" --timestamps --tail=-1 "$@"
}

# follow_pod POD UID: until the pod is gone. The resume time is the pod's own.
follow_pod() {
  local pod="$1" uid="$2" attempt=0 known=0 state now_uid phase restarts status resume
  exec 7>"$RUN_DIR/turn"
  LAST_TIME=''
  while main_lives; do
    if state="$(pod_state "$pod")"; then
      read -r now_uid phase restarts <<<"$state" || true
      if [[ "$now_uid" != "$uid" || "$phase" == Succeeded || "$phase" == Failed ]]; then
        info "pod $pod is gone"
        return
      fi
      mapfile -t resume < <(since)
      if ((${restarts:-0} > known)); then
        known="$restarts"
        info "pod $pod: its container was restarted; reading the end of the one before"
        pod_log "$pod" --previous "${resume[@]}" || true
      fi
      info "following pod $pod ${resume[*]}"
      status=0
      pod_log "$pod" --follow "${resume[@]}" || status=$?
      warn "pod $pod: the log $(why "$pod" "$status"); connecting again"
      attempt=$((LINES_READ ? 0 : attempt + 1))
    else
      warn "pod $pod: cannot ask for it ($(last_words "$RUN_DIR/$pod.err")); trying again"
      attempt=$((attempt + 1))
    fi
    pause "$attempt"
  done
}

# --- port-forwards -------------------------------------------------------------------------

free_port() { "$OIMS_PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# answers PORT: something speaks HTTP there. Only this tells whether a forward works; its process may outlive its pod.
answers() {
  # shellcheck disable=SC2016  # the inner bash expands it
  timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3 &&
    read -r answer <&3 && [[ "$answer" == HTTP/* ]]' - "$1" 2>/dev/null
}

ready_pod() { # COMPONENT
  local name ready deleted
  kube get pods --selector "$(selector "$1")" --output \
    'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.metadata.deletionTimestamp}{"\n"}{end}' \
    2>"$RUN_DIR/$1.forward.err" | while read -r name ready deleted; do
    if [[ "$ready" == True && -z "$deleted" ]]; then printf '%s\n' "$name"; fi
  done
}

# keeps_up PROCESS PORT: lives for ten seconds and answers after them.
keeps_up() {
  local tick
  for ((tick = 0; tick < 10; tick++)); do
    kill -0 "$1" 2>/dev/null || return 1
    sleep 1
  done
  answers "$2"
}

# hold_forward COMPONENT POD LOCAL_PORT REMOTE_PORT: until it answers no more. Fails if it never answered.
hold_forward() {
  local answered=false tick process
  kubectl --namespace "$OIMS_NAMESPACE" port-forward "pod/$2" "$3:$4" >/dev/null 2>"$RUN_DIR/$1.forward.err" &
  process=$!
  for ((tick = 0; tick < 10; tick++)); do
    if answers "$3"; then answered=true && break; fi
    kill -0 "$process" 2>/dev/null || break
    sleep 1
  done
  if "$answered"; then
    info "forwarding 127.0.0.1:$3 to pod $2"
    while main_lives && keeps_up "$process" "$3"; do :; done
  fi
  kill -KILL "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  "$answered"
}

keep_forward() { # COMPONENT LOCAL_PORT REMOTE_PORT
  local component="$1" pods pod attempt=0
  while main_lives; do
    pods="$(ready_pod "$component")" || pods=''
    pod="${pods%%$'\n'*}"
    if [[ -z "$pod" ]]; then
      if ((attempt == 0)); then warn "no ready pod of $component to forward to ($(last_words "$RUN_DIR/$component.forward.err")); waiting for one"; fi
      attempt=$((attempt + 1))
    elif hold_forward "$component" "$pod" "$2" "$3"; then
      warn "the forward to pod $pod ended ($(last_words "$RUN_DIR/$component.forward.err")); opening it again"
      attempt=0
      continue
    else
      warn "the forward to pod $pod does not answer ($(last_words "$RUN_DIR/$component.forward.err")); trying again"
      attempt=$((attempt + 1))
    fi
    pause "$attempt"
  done
}

# forward NAME COMPONENT REMOTE_PORT: gives the setting NAME the address of a forward, unless it is set.
forward() {
  local port
  if [[ -n "${!1:-}" ]]; then return; fi
  port="$(free_port)"
  export "$1=http://127.0.0.1:$port"
  start keep_forward "$2" "$port" "$3"
  FORWARDS+=("$STARTED")
  FORWARDED[$1]="$port"
}

# --- automation ----------------------------------------------------------------------------

# -P: this folder's automation, whatever lies in the current one.
automation() { PYTHONPATH="$ROOT" exec "$OIMS_PYTHON" -P -m automation follow "${AUTOMATION_OPTIONS[@]}" 8>&-; }

# run_automation: until it ends or this program is told to stop; STATUS is its exit status.
run_automation() {
  local ended=''
  STATUS=0
  # Opened for reading only: automation must see the end when every writer is gone.
  start automation <"$RUN_DIR/lines"
  AUTOMATION="$STARTED"
  info "automation started (process $AUTOMATION)"
  wait -n -p ended "$AUTOMATION" "${SOURCES[@]}" "${FORWARDS[@]}" || STATUS=$?
  if "$STOPPING" || [[ "$ended" == "$AUTOMATION" ]]; then return; fi
  warn "a follower ended unexpectedly (process $ended, status $STATUS)"
  FAILED=true
  on_stop
}

# --once has one try at the journal, so the forward to it must work first.
wait_for_journal() {
  local deadline=$((SECONDS + 60))
  until answers "${FORWARDED[OIMS_JOURNAL_URL]}"; do
    if "$STOPPING"; then return; fi
    if ((SECONDS >= deadline)); then die "$EXIT_FAILED" "the webhook did not answer within 60 s"; fi
    sleep 1 &
    wait $! || true
  done
}

keep_automation() {
  local attempt=0 began
  while ! "$STOPPING"; do
    began="$SECONDS"
    run_automation
    if "$STOPPING"; then break; fi
    if ((STATUS == 2)); then die "$EXIT_REFUSED" "automation refuses its settings or its policy (see above)"; fi
    if "$ONCE"; then exit "$((STATUS ? EXIT_FAILED : 0))"; fi
    warn "automation ended with status $STATUS; starting it again"
    attempt=$((SECONDS - began > 60 ? 0 : attempt + 1))
    pause "$attempt" &
    wait $! || true
  done
}

# on_stop: at once for the followers; automation brings a run in flight to its end first.
# A second signal is handed on too: automation then ends the run at once.
on_stop() {
  local group
  if ! "$STOPPING"; then
    STOPPING=true
    info "stopping; a run in flight has $OIMS_STOP_GRACE s"
    for group in "${SOURCES[@]}"; do end_group "$group"; done
    SOURCES=()
  fi
  if [[ -n "$AUTOMATION" ]]; then kill -TERM "$AUTOMATION" 2>/dev/null || true; fi
}

wait_for_automation() {
  # Automation bounds the run itself; the rest is for the end of the run and the last reports.
  local deadline=$((SECONDS + OIMS_STOP_GRACE + 45))
  while kill -0 "$AUTOMATION" 2>/dev/null; do
    if ((SECONDS >= deadline)); then die "$EXIT_FAILED" "automation did not stop in time; ended by force"; fi
    sleep 0.2 &
    wait $! || true
  done
}

clean_up() {
  local group
  for group in "${SOURCES[@]}" "${FORWARDS[@]}" ${AUTOMATION:+"$AUTOMATION"}; do end_group "$group"; done
  if [[ -n "$RUN_DIR" ]]; then rm -rf -- "$RUN_DIR"; fi
}

open_lines() {
  RUN_DIR="$(mktemp -d -- "$OIMS_STATE_DIR/monitor.XXXXXX")"
  mkfifo -- "$RUN_DIR/lines"
  # Open both ways: neither side waits for the other to start, and no writer is broken while automation restarts.
  exec 8<>"$RUN_DIR/lines"
}

main() {
  parse_options "$@"
  load_settings
  need_tools
  check_settings
  take_lock
  trap clean_up EXIT
  trap on_stop TERM INT
  open_lines
  forward OIMS_JOURNAL_URL webhook 5001
  forward OIMS_APP_URL app 5000
  if "$ONCE"; then
    if [[ -n "${FORWARDED[OIMS_JOURNAL_URL]:-}" ]]; then wait_for_journal; fi
  else
    if in_cluster_log; then start watch_pods; else start follow_file; fi
    SOURCES+=("$STARTED")
  fi
  keep_automation
  if [[ -n "$AUTOMATION" ]]; then wait_for_automation; fi
  info "stopped"
  if "$FAILED"; then exit "$EXIT_FAILED"; fi
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi
