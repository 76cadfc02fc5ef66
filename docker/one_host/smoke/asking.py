"""How the smoke test asks: by the command line beside a worker, and over HTTP as anybody else."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from one_host.smoke.conversation import Conversation
from one_host.smoke.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from one_host.stack import Ran, Stack

_JOBS: Final = Path(__file__).resolve().parent / "jobs.py"
_HTTP_SECONDS: Final = 15


class Asking:
    """Commands run beside `web`, which has every secret of the guard and runs no job."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        program = stack.members["web"].program
        self._uploads = str(program.place.path("/var/lib/guard/images") / "uploads")
        self._jobs = Conversation(
            [str(program.place.programs / "python"), str(_JOBS)],
            log=program.place.log.with_name("smoke.log"),
            cwd=program.place.home,
            environment=program.environment(),
        )

    def close(self) -> None:
        """End what publishes."""
        self._jobs.kill()

    def maintenance(self, *words: str, codes: Collection[int] = (0,)) -> dict[str, Any]:
        """`celery … maintenance WORDS --json`: its document.

        Raises:
            Wrong: another exit code than these.
        """
        argv = ["celery", "-A", "tasks", "maintenance", *words, "--json"]
        return self._document(self._stack.run("web", argv), " ".join(words[:2]), codes)

    def publish(self, *kinds: str) -> dict[str, Any]:
        """Publish jobs from outside of the workers: see `jobs.py`."""
        return self._jobs.ask("publish", self._uploads, *kinds)

    def results(self, *ids: str) -> dict[str, str]:
        """Job -> Celery's state, of what batches have dispatched too."""
        return self._jobs.ask("results", *ids)

    def nodes(self, *ids: str) -> dict[str, str]:
        """Job -> the worker that runs it."""
        return self._jobs.ask("nodes", *ids)

    def get(self, service: str, path: str, *, token: str = "", user: str = "") -> tuple[int, str]:
        """Status and body of a page. `user` is `name:password`."""
        headers: Mapping[str, str] = {}
        if token:
            headers = {"Authorization": f"Bearer {token}"}
        elif user:
            headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
        request = urllib.request.Request(self.url(service) + path, headers=dict(headers))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_HTTP_SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def url(self, service: str) -> str:
        """Where a service's pages are."""
        program = self._stack.members[service].program
        return f"http://{program.place.address}:{program.ports[0]}"

    def secret(self, service: str, inside: str) -> str:
        """What a secret of a service says."""
        return self._stack.members[service].program.place.path(inside).read_text().strip()

    def _document(self, ran: Ran, what: str, codes: Collection[int]) -> dict[str, Any]:
        if ran.code not in codes:
            raise Wrong(f"{what} ended with {ran.code}: {(ran.error + ran.out)[-1500:]}")
        found: dict[str, Any] = json.loads(ran.out)
        return found
