"""Where the files of the deployment are."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DOCKER = CHECKOUT / "docker"
COMPOSE = DOCKER / "compose.yaml"
KUBERNETES = DOCKER / "kubernetes"
SYSTEMD = DOCKER / "systemd"
FIXTURES = Path(__file__).resolve().parent / "fixtures"
