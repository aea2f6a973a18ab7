# shellcheck shell=bash
# Lines of the webhook's log on their way to automation.

SOURCES=()   # process groups that write lines
RUN_DIR=''    # holds the pipes
LINES_READ=0  # by the last stream
LAST_TIME=''  # of the last line that a pod's log had, by the node's clock

open_lines() {
  RUN_DIR="$(mktemp -d -- "$OIMS_STATE_DIR/monitor.XXXXXX")"
  mkfifo -- "$RUN_DIR/lines"
  # Open both ways: neither side waits for the other to start, and no writer is broken while automation restarts.
  exec 8<>"$RUN_DIR/lines"
}

# relay PIPE: passes on to automation what it has to know of the lines in a pipe; see automation/follow/relay.py.
relay() {
  PYTHONPATH="$ROOT" "$OIMS_PYTHON" -P -m automation.follow.relay "$1" "$((3 * OIMS_HEARTBEAT_INTERVAL))" "$$"
}

# stream NAME COMMAND...: passes on what COMMAND prints until it ends (0) or has been silent for three heartbeats (3).
# LINES_READ counts; LAST_TIME is of the last line that had one.
stream() {
  local name="$1" pipe="$RUN_DIR/$1.pipe" status=0 writer passed_on last_time
  shift
  [[ -p "$pipe" ]] || mkfifo -- "$pipe"
  "$@" >"$pipe" 2>"$RUN_DIR/$name.err" 7>&- 8>&- &
  writer=$!
  passed_on="$(relay "$pipe")" || status=$?
  read -r LINES_READ last_time <<<"${passed_on:-0}" || true
  LAST_TIME="${last_time:-$LAST_TIME}"
  # It may hang, and has nothing to put in order.
  kill -KILL "$writer" 2>/dev/null || true
  wait "$writer" 2>/dev/null || true
  return "$status"
}

# why NAME STATUS: a stream's end in words.
why() {
  case "$2" in
    0) printf 'ended (%s)' "$(last_words "$RUN_DIR/$1.err")" ;;
    3) printf 'silent for %s s' "$((3 * OIMS_HEARTBEAT_INTERVAL))" ;;
    *) printf 'could not be passed on (status %s)' "$2" ;;
  esac
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
