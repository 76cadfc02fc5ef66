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

if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "NOT INSTALLED: BullMQ, because node or npm is missing (Debian: apt-get install nodejs npm)." >&2
    exit 0
fi
if [ ! -e "$tools/node/.installed" ] || [ "$here/bullmq/package-lock.json" -nt "$tools/node/.installed" ]; then
    mkdir -p "$tools/node"
    cp "$here/bullmq/package.json" "$here/bullmq/package-lock.json" "$tools/node/"
    (cd "$tools/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
    touch "$tools/node/.installed"
fi
