# shellcheck shell=bash
# The webhook's pods: each is followed until it is gone.

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
