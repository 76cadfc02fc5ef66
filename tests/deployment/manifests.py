"""The Kubernetes manifests as documents, and the pods that they make."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.deployment.places import KUBERNETES


@dataclass(frozen=True)
class Pod:
    """What runs in a Deployment or Job: one container."""

    name: str
    kind: str
    owner: dict[str, Any]
    spec: dict[str, Any]

    @property
    def container(self) -> dict[str, Any]:
        """Its only one."""
        (found,) = self.spec["containers"]
        return dict(found)

    @property
    def grace(self) -> int:
        """Seconds from the wish to end it to SIGKILL, preStop included."""
        return int(self.spec.get("terminationGracePeriodSeconds", 30))

    @property
    def pre_stop(self) -> int:
        """Seconds that its preStop sleeps."""
        command = (
            self.container.get("lifecycle", {})
            .get("preStop", {})
            .get("exec", {})
            .get("command", ["sleep", "0"])
        )
        assert command[0] == "sleep"
        return int(command[1])


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """All objects of all files that the kustomization names."""
    found = [
        list(yaml.safe_load_all((KUBERNETES / name).read_text())) for name in kustomization()["resources"]
    ]
    return tuple(document for file in found for document in file if document)


@cache
def kustomization() -> dict[str, Any]:
    """kustomization.yaml."""
    return dict(yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text()))


def settings() -> dict[str, str]:
    """What every process gets."""
    lines = (KUBERNETES / "settings.env").read_text().splitlines()
    return dict(line.partition("=")[::2] for line in lines if line and not line.startswith("#"))


def pods() -> list[Pod]:
    """Those of Deployments and Jobs."""
    return [
        Pod(one["metadata"]["name"], one["kind"], one, one["spec"]["template"]["spec"])
        for one in documents()
        if one["kind"] in {"Deployment", "Job"}
    ]


def pod(name: str) -> Pod:
    """The one of this name."""
    return next(one for one in pods() if one.name == name)
