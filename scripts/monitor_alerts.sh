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
#   OIMS_JOURNAL_URL  the webhook; without it, a port-forward to the gate is opened and renewed
#   OIMS_APP_URL      the incident app; likewise
#   OIMS_HOST_DIR     folder of kubeconfig, reader-token, event-key, api-token and, where the
#                     parts speak TLS, ca.crt (~/.config/oims); used for each of KUBECONFIG,
#                     OIMS_JOURNAL_TOKEN, OIMS_EVENT_KEY, OIMS_APP_TOKEN and OIMS_CA_FILE
#                     that is not set, also not as *_FILE
#   OIMS_TOKEN_END_FILE  when the token of the kubeconfig ends (token-end in OIMS_HOST_DIR)
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
ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT

. "$ROOT/scripts/monitor/words.sh"
. "$ROOT/scripts/monitor/settings.sh"
. "$ROOT/scripts/monitor/processes.sh"
. "$ROOT/scripts/monitor/lines.sh"
. "$ROOT/scripts/monitor/pods.sh"
. "$ROOT/scripts/monitor/forwards.sh"
. "$ROOT/scripts/monitor/automation.sh"

clean_up() {
  local group
  for group in "${SOURCES[@]}" "${FORWARDS[@]}" ${AUTOMATION:+"$AUTOMATION"}; do end_group "$group"; done
  if [[ -n "$RUN_DIR" ]]; then rm -rf -- "$RUN_DIR"; fi
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
