# shellcheck shell=bash
# Lines of the webhook's log on their way to automation.

readonly WANTED='"kind": ?"(alert|heartbeat)"' # the rest of the log is not for automation

SOURCES=()   # process groups that write lines
RUN_DIR=''   # holds the pipes
LAST_TIME='' # of the last line that a pod's log had, by the node's clock

open_lines() {
  RUN_DIR="$(mktemp -d -- "$OIMS_STATE_DIR/monitor.XXXXXX")"
  mkfifo -- "$RUN_DIR/lines"
  # Open both ways: neither side waits for the other to start, and no writer is broken while automation restarts.
  exec 8<>"$RUN_DIR/lines"
}

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
  local name="$1" pipe="$RUN_DIR/$1.pipe" lines line status=0 writer reader
  shift
  LINES_READ=0
  [[ -p "$pipe" ]] || mkfifo -- "$pipe"
  "$@" >"$pipe" 2>"$RUN_DIR/$name.err" 7>&- 8>&- &
  writer=$!
  exec {lines}< <(LC_ALL=C exec grep -a --line-buffered -E "$WANTED" <"$pipe" 7>&- 8>&-)
  reader=$!
  while main_lives; do
    if IFS= read -r -t "$((3 * OIMS_HEARTBEAT_INTERVAL))" line <&"$lines"; then
      LINES_READ=$((LINES_READ + 1))
      pass_on "$line"
    else
      status=$(($? > 128))
      break
    fi
  done
  # They may hang, the reader too if the writer ends before it has opened the pipe; they have nothing to put in order.
  kill -KILL "$writer" "$reader" 2>/dev/null || true
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
