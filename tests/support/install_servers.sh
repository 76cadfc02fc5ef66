#!/bin/sh
# Install the servers and the browser that the tests talk to, from Debian. Never fails: without them the tests
# that need one are skipped loudly, or fail when GUARD_REQUIRE_SERVERS=1.
set -eu

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
POLICY=/usr/sbin/policy-rc.d
SAVED=$POLICY.guard-saved

missing=""
for pair in redis-server:redis-server mariadbd:mariadb-server rabbitmq-server:rabbitmq-server \
    chromium:chromium systemd-analyze:systemd curl:curl jq:jq redis-cli:redis-tools free:procps; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
# off every PATH: Debian keeps each major version in a folder of its own
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

give_up() {
    echo "=====================================================================" >&2
    echo "NOT INSTALLED:$missing" >&2
    echo "  because $1" >&2
    echo "  The tests that need them are skipped (GUARD_REQUIRE_SERVERS=1: fail)." >&2
    echo "=====================================================================" >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || give_up "this is not Debian: install them with your package manager"
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    give_up "you are neither root nor allowed to use sudo without a password"
fi

# Debian starts a service as soon as it is installed; policy-rc.d forbids that. The tests start their own.
restore_policy() {
    $as_root rm -f "$POLICY"
    if [ -e "$SAVED" ]; then $as_root mv "$SAVED" "$POLICY"; fi
}
trap restore_policy EXIT
trap 'exit 1' HUP INT TERM
if [ -e "$POLICY" ] && [ ! -e "$SAVED" ]; then $as_root mv "$POLICY" "$SAVED"; fi
printf '#!/bin/sh\nexit 101\n' | $as_root tee "$POLICY" >/dev/null
$as_root chmod 755 "$POLICY"

echo "installing:$missing"
# shellcheck disable=SC2086 # two lists of words
install() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; }
# lists may be absent (a fresh image) or too old for the archive
install </dev/null >/dev/null 2>&1 || {
    $as_root apt-get update -qq </dev/null || true
    install </dev/null >/dev/null || give_up "apt-get install failed, see above"
}
