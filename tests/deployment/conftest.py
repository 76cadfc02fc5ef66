"""`docker/one_host` is a package of its own, beside the installed ones."""

from __future__ import annotations

import sys

from tests.deployment.places import DOCKER

sys.path.append(str(DOCKER))
