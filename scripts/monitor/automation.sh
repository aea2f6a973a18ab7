# shellcheck shell=bash
# Automation: started, kept, and brought to its end.

AUTOMATION='' # its process group
STOPPING=false
FAILED=false

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
  until answers "${FORWARDED[OIMS_JOURNAL_URL]}" 2>/dev/null; do
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
