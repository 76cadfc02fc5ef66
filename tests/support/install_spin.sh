#!/bin/sh
# Install spin and a C compiler from Debian, for the models; says what to do where it may not.
set -u
command -v spin >/dev/null 2>&1 && command -v gcc >/dev/null 2>&1 && exit 0
sudo=$([ "$(id -u)" -eq 0 ] || echo "sudo -n")
install="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends spin gcc libc6-dev"
$install >/dev/null 2>&1 || { $sudo apt-get update -qq && $install >/dev/null; } || {
    echo "spin or gcc is missing and cannot be installed: as root, apt-get install spin gcc libc6-dev" >&2
    exit 1
}
