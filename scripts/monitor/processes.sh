# shellcheck shell=bash
# Processes that the monitor starts, and the API server that it asks.

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

# kube ARGS...: one short question to the API server. In the group of who asks, so that it ends with it.
kube() { timeout --foreground -k 2 15 kubectl --request-timeout=10s --namespace "$OIMS_NAMESPACE" "$@" 7>&- 8>&-; }

selector() { printf 'app.kubernetes.io/name=oims,app.kubernetes.io/instance=%s,app.kubernetes.io/component=%s' "$OIMS_RELEASE" "$1"; }
