# shellcheck shell=bash
# What the monitor says.

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
  done <"${BASH_SOURCE[-1]}"
}
