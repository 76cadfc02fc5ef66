#!/bin/sh
# The other queues, into a folder of their own: $COMPARE_TOOLS, or .venv-compare. Versions are pinned in
# requirements.txt and bullmq/package-lock.json. Without node or npm BullMQ is left out, and the comparison says so.
set -eu

here=$(dirname "$0")
tools=${COMPARE_TOOLS:-.venv-compare}
python=${PYTHON:-python3}

if [ ! -e "$tools/.installed" ] || [ "$here/requirements.txt" -nt "$tools/.installed" ]; then
    "$python" -m venv --clear "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
    "$tools/bin/python" -m pip check --disable-pip-version-check
    touch "$tools/.installed"
fi

left_out() {
    echo "NOT INSTALLED: BullMQ, because $1. It is left out." >&2
    exit 0
}

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
    left_out "node or npm is missing (Debian: apt-get install nodejs npm)"
# Not `npm ci`: it also wants entries for the builds of other systems, which no mirror need have. What is in the lock
# file is installed as it says. The optional packages, builds of a faster decoder, are not needed.
if [ ! -e "$tools/node/.installed" ] || [ "$here/bullmq/package-lock.json" -nt "$tools/node/.installed" ]; then
    mkdir -p "$tools/node"
    cp "$here/bullmq/package.json" "$here/bullmq/package-lock.json" "$tools/node/"
    (cd "$tools/node" && npm install --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error >/dev/null) ||
        left_out "npm could not install it"
    touch "$tools/node/.installed"
fi
