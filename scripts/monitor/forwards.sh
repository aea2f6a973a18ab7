# shellcheck shell=bash
# Port-forwards, opened and renewed.

FORWARDS=()             # process groups that keep a port-forward
declare -A FORWARDED=() # local port by setting

# localhost is the name of the certificate for whoever comes by a forward.
readonly ASK_BY_TLS='
import http.client, ssl, sys
trust = ssl.create_default_context(cafile=sys.argv[2])
connection = http.client.HTTPSConnection("localhost", int(sys.argv[1]), timeout=4, context=trust)
connection.request("GET", "/healthz")
connection.getresponse()
'

free_port() { "$OIMS_PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# answers PORT: something speaks HTTP there. Only this tells whether a forward works; its process may outlive its pod.
answers() {
  if [[ "$SCHEME" == https ]]; then
    timeout --foreground 5 "$OIMS_PYTHON" -c "$ASK_BY_TLS" "$1" "$OIMS_CA_FILE"
    return
  fi
  # shellcheck disable=SC2016  # the inner bash expands it
  timeout --foreground 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3 &&
    read -r answer <&3 && [[ "$answer" == HTTP/* ]]' - "$1" 2>/dev/null
}

# ready_gate: the gate is the pod that the monitor's account may forward to; it leads to webhook and app.
ready_gate() { # COMPONENT
  local name ready deleted
  kube get pods --selector "$(selector gate)" --output \
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
    if answers "$3" 2>>"$RUN_DIR/$1.forward.err"; then answered=true && break; fi
    kill -0 "$process" 2>/dev/null || break
    sleep 1
  done
  if "$answered"; then
    info "forwarding 127.0.0.1:$3 to the $1 through pod $2"
    while main_lives && keeps_up "$process" "$3" 2>>"$RUN_DIR/$1.forward.err"; do :; done
  fi
  kill -KILL "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  "$answered"
}

keep_forward() { # COMPONENT LOCAL_PORT REMOTE_PORT
  local component="$1" pods pod attempt=0 told=''
  while main_lives; do
    mapfile -t pods < <(ready_gate "$component")
    # Of several, each has its turn.
    pod="${pods[attempt % (${#pods[@]} ? ${#pods[@]} : 1)]:-}"
    if [[ -z "$pod" ]]; then
      if [[ "$told" != none ]]; then warn "no ready pod of the gate to reach the $component through ($(last_words "$RUN_DIR/$component.forward.err")); waiting for one"; fi
      told=none
    elif hold_forward "$component" "$pod" "$2" "$3"; then
      warn "the forward to the $component through pod $pod ended ($(last_words "$RUN_DIR/$component.forward.err")); opening it again"
      attempt=0 told=''
      continue
    else
      if [[ "$told" != silent ]]; then warn "the $component does not answer through pod $pod ($(last_words "$RUN_DIR/$component.forward.err")); trying again"; fi
      told=silent
    fi
    attempt=$((attempt + 1))
    pause "$attempt"
  done
}

# forward NAME COMPONENT REMOTE_PORT: gives the setting NAME the address of a forward, unless it is set.
forward() {
  local port
  if [[ -n "${!1:-}" ]]; then return; fi
  port="$(free_port)"
  # The name only where a certificate proves who is there: another program of this host may have the port on ::1.
  if [[ "$SCHEME" == https ]]; then export "$1=https://localhost:$port"; else export "$1=http://127.0.0.1:$port"; fi
  start keep_forward "$2" "$port" "$3"
  FORWARDS+=("$STARTED")
  FORWARDED[$1]="$port"
}
