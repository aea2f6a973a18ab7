#!/usr/bin/env bash
# Installs OIMS on Minikube: builds the images, brings them in, installs or upgrades the chart, says what to do next.
#
# Usage: minikube.sh [--check | --help]
#   --check  only see whether minikube, kubectl and CONTAINER are there
#
# A profile that is not running is started. Run it again after a change: the images get a tag of their content, so
# the pods take the new ones, and data and secrets stay.
#
# Settings, from the environment:
#   MINIKUBE_PROFILE  profile, also the kube context (minikube)
#   OIMS_NAMESPACE    namespace (incident-mgmt)
#   OIMS_RELEASE      name of the release (oims)
#   HELM_VALUES       a values file of your own
#   CONTAINER    docker (default) or podman; builds the images on this host
#
# Exit status: 0 installed, 1 a step failed, 2 wrong option, 3 a tool is missing
set -Eeuo pipefail
shopt -s inherit_errexit

ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT PARTS=(app webhook automation)

say() { printf 'minikube: %s\n' "$*" >&2; }
die() { # EXIT_STATUS TEXT
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

print_help() {
  local line
  while IFS= read -r line && [[ "$line" == '#'* ]]; do
    [[ "$line" == '#!'* ]] && continue
    line="${line#\#}"
    printf '%s\n' "${line# }"
  done <"${BASH_SOURCE[0]}"
}

need_tools() { # TOOL...
  local tool
  for tool; do
    command -v -- "$tool" >/dev/null || die 3 "$tool is not installed or not on PATH; install it and start again"
  done
}

start_profile() {
  if minikube --profile "$MINIKUBE_PROFILE" status >/dev/null 2>&1; then return; fi
  say "starting the profile $MINIKUBE_PROFILE"
  minikube --profile "$MINIKUBE_PROFILE" start >&2 || die 1 "minikube could not start the profile $MINIKUBE_PROFILE (see above)"
}

# build: sets IMAGES and the Helm options that name them.
build() {
  local part id name
  IMAGES=() IMAGE_OPTIONS=()
  TAG=minikube "$ROOT/tools/images" || die 1 "the images could not be built (see above)"
  for part in "${PARTS[@]}"; do
    id="$("$CONTAINER" image inspect --format '{{.Id}}' "oims-$part:minikube")"
    id="${id#sha256:}"
    name="oims-$part:${id:0:12}"
    "$CONTAINER" tag "oims-$part:minikube" "$name"
    IMAGES+=("$name")
    case "$part" in
      automation) IMAGE_OPTIONS+=(--set-string "automation.inCluster.image.tag=${id:0:12}") ;;
      *) IMAGE_OPTIONS+=(--set-string "$part.image.tag=${id:0:12}") ;;
    esac
  done
}

# bring_in: what the profile does not hold yet.
bring_in() {
  local name held
  held="$(minikube --profile "$MINIKUBE_PROFILE" image ls)" || die 1 "minikube could not list its images (see above)"
  for name in "${IMAGES[@]}"; do
    if grep -qE "(^|/)$name\$" <<<"$held"; then continue; fi
    say "bringing $name into the profile"
    # By way of an archive: that works with docker and podman, and with every driver.
    "$CONTAINER" save "$name" | minikube --profile "$MINIKUBE_PROFILE" image load - || die 1 "minikube could not take in $name (see above)"
  done
}

install() {
  local options=()
  if [[ -n "${HELM_VALUES:-}" ]]; then options+=(--values "$HELM_VALUES"); fi
  say "installing the release $OIMS_RELEASE in namespace $OIMS_NAMESPACE"
  # Prints the chart's notes: how to open each page, log in and start the monitor.
  helm upgrade --install "$OIMS_RELEASE" "$ROOT/charts/oims" --kube-context "$MINIKUBE_PROFILE" \
    --namespace "$OIMS_NAMESPACE" --create-namespace "${IMAGE_OPTIONS[@]}" "${options[@]}" --wait --timeout 10m ||
    die 1 "Helm could not install the release (see above); look at: kubectl --context $MINIKUBE_PROFILE -n $OIMS_NAMESPACE get pods"
}

main() {
  case "${1:-}" in
    '' | --check) ;;
    -h | --help) print_help && exit 0 ;;
    *) die 2 "unknown option $1; --help shows the use" ;;
  esac
  : "${MINIKUBE_PROFILE:=minikube}" "${OIMS_NAMESPACE:=incident-mgmt}" "${OIMS_RELEASE:=oims}" "${CONTAINER:=docker}"
  export CONTAINER
  PATH="$PATH:$ROOT/.tools/bin"
  need_tools minikube kubectl "$CONTAINER"
  if [[ "${1:-}" == --check ]]; then exit 0; fi
  need_tools helm
  start_profile
  build
  bring_in
  install
}

main "$@"
