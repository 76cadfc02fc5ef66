#!/bin/sh
# Put Prometheus' promtool, and Prometheus itself, where the tests look for them: taken out of Debian's package, which
# is not installed. Never fails: without it the tests of the alert rules are skipped, and say so.
set -u

FOLDER="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/celery-maintenance-guard"
PROMTOOL="$FOLDER/promtool"

command -v promtool >/dev/null 2>&1 && command -v prometheus >/dev/null 2>&1 && exit 0
[ -x "$PROMTOOL" ] && "$PROMTOOL" --version >/dev/null 2>&1 && [ -x "$FOLDER/prometheus" ] && exit 0

give_up() {
    echo "promtool is not there: $1. The alert rules are not tested by it." >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || give_up "this is not Debian"
mkdir -p "$FOLDER" || give_up "$FOLDER cannot be made"
WORK=$(mktemp -d "$FOLDER/install.XXXXXX") || give_up "no temporary folder"
trap 'rm -rf "$WORK"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$WORK"

download() { (cd "$WORK" && apt-get download -qq prometheus </dev/null >/dev/null 2>&1 && ls prometheus_*.deb >/dev/null 2>&1); }
# lists may be absent (a fresh image) or too old for the archive
download || {
    if [ "$(id -u)" -eq 0 ]; then apt-get update -qq </dev/null >/dev/null 2>&1
    elif command -v sudo >/dev/null 2>&1; then sudo -n apt-get update -qq </dev/null >/dev/null 2>&1
    fi
    download || give_up "Debian's package prometheus cannot be had"
}
dpkg-deb --fsys-tarfile "$WORK"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$WORK/promtool" 2>/dev/null
dpkg-deb --fsys-tarfile "$WORK"/prometheus_*.deb | tar -xO ./usr/bin/prometheus >"$WORK/prometheus" 2>/dev/null
chmod 755 "$WORK/promtool" "$WORK/prometheus"
"$WORK/promtool" --version >/dev/null 2>&1 || give_up "what Debian's package holds does not run"
mv -f "$WORK/prometheus" "$FOLDER/prometheus" && mv -f "$WORK/promtool" "$PROMTOOL" || give_up "$FOLDER cannot be written"
echo "promtool and prometheus are in $FOLDER"
