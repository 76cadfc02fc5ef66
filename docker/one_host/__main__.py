"""`python docker/one_host`: the processes of `docker/compose.yaml` on this host, without a container engine.

The folder above goes on the path instead of this one: a package named `docker` would hide the library of that
name, or be hidden by it.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
sys.path.insert(1, str(Path(__file__).resolve().parent.parent.parent))

from one_host.main import main  # noqa: E402 - the path comes first

if __name__ == "__main__":
    sys.exit(main())
