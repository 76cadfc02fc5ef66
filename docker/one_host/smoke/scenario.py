"""The steps: jobs run, a worker is stopped under one, a window opens, is made an emergency, and ends."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from one_host.member import State
from one_host.smoke.asking import Asking
from one_host.smoke.wrong import Wrong, expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from one_host.stack import Stack
    from tasks.demo.slow_model import SlowModel

WORKERS: Final = ("worker-1", "worker-2", "worker-maintenance")
_JOB_SECONDS: Final = 90.0
"""On a machine that is busy with other things; else a few."""
_TICK_SECONDS: Final = 75.0
_SCRAPE_SECONDS: Final = 45.0


class Scenario:
    """What one step finds, the next ones use. Each step returns a sentence, or raises `Wrong`."""

    def __init__(self, stack: Stack, model: SlowModel) -> None:
        self._stack = stack
        self._model = model
        self._ask = Asking(stack)
        self._accepted: dict[str, str] = {}
        self._refused = 0
        self._token = ""

    def close(self) -> None:
        """End what was started for it."""
        self._ask.close()

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """All, in order."""
        yield "access", self._make_a_token
        yield "jobs", self._run_jobs
        yield "worker stopped", self._stop_a_worker
        yield "window", self._open
        yield "refuse, hold, park", self._publish_while_closed
        yield "HTTP API", self._ask_the_api
        yield "pages", self._ask_the_pages
        yield "Flower", self._ask_flower
        yield "Prometheus", self._ask_prometheus
        yield "emergency", self._make_it_an_emergency
        yield "end", self._end
        yield "account", self._account
        yield "beat", self._beat

    def _make_a_token(self) -> str:
        made = self._ask.maintenance("access", "token", "make", "smoke", "--right", "read", "--for", "1h")
        self._token = made["token"]
        return "a token with the right read, made on the command line"

    def _run_jobs(self) -> str:
        self._publish("image", "caption", "batch", "image")
        self._wait_for_jobs()
        return f"{len(self._accepted)} jobs accepted, all of them and what they dispatched succeeded"

    def _stop_a_worker(self) -> str:
        self._model.be_slow()
        job = next(iter(self._publish("caption")))
        node = self._node_of(job)
        service = node.partition("@")[2]
        member = self._stack.members[service]
        asked = time.monotonic()
        member.ask_to_stop()
        self._stack.wait(lambda: time.monotonic() > asked + 1, within=5, what="a second")
        expect(member.state == State.STOPPING, f"{service} ended while it had a job")
        self._model.be_fast()
        self._stack.wait(
            lambda: member.is_over, within=member.service.stop_grace_period, what=f"the end of {service}"
        )
        taken = time.monotonic() - asked
        expect(member.code == 0 and not member.was_killed, f"{service} did not end in order: {member.why}")
        expect(self._ask.results(job)[job] == "SUCCESS", "the job that ran in it did not succeed")
        self._stack.start(service)
        grace = f"{member.service.stop_grace_period:.0f} s"
        return (
            f"{service} finished its job and ended after {taken:.1f} s ({grace} are allowed); started again"
        )

    def _open(self) -> str:
        self._model.be_slow()
        self._node_of(next(iter(self._publish("caption"))))
        window = self._ask.maintenance("enable", "--reason", "Smoke test", "--duration", "30m")
        nodes = {one["node"] if isinstance(one, dict) else one for one in window["acknowledged"]}
        expect(len(nodes) == len(WORKERS), f"acknowledged by {sorted(nodes)}")
        expect(not window["unconfirmed"] and not window["unguarded"], f"not all are sure: {window}")
        return f"acknowledged by {', '.join(sorted(nodes))}; {len(window['running'])} job still runs"

    def _publish_while_closed(self) -> str:
        refused = self._ask.publish(
            "image", "caption", "batch", "image+hold", "caption+hold", "batch+hold", "image+park"
        )
        self._accepted |= refused["published"]
        self._refused = len(refused["refused"])
        expect(self._refused == 3 and len(refused["published"]) == 4, f"refused and accepted: {refused}")
        self._stack.wait(
            lambda: self._status()["parked"] == 1,
            within=_JOB_SECONDS,
            what="the job in the open queue to be parked",
        )
        status = self._status()
        expect(status["held"] == 3, f"held: {status['held']}, and 3 should be")
        return "3 refused, 3 held in their queues, 1 parked"

    def _ask_the_api(self) -> str:
        code, body = self._ask.get("web", "/api/maintenance/status")
        anybody = json.loads(body)
        expect(code == 200 and anybody["is_active"] is True, f"{code}: {body[:300]}")
        code, body = self._ask.get("web", "/api/maintenance/workers", token=self._token)
        expect(code == 200, f"with a token: {code}: {body[:300]}")
        expect(self._ask.get("web", "/api/maintenance/workers")[0] == 401, "workers are told to anybody")
        expect(all(name in body for name in WORKERS), f"workers: {body[:300]}")
        return "status for everybody, workers with the token only"

    def _ask_the_pages(self) -> str:
        for path, word in (("/admin/maintenance/", "token"), ("/maintenance/", "Smoke test")):
            code, body = self._ask.get("web", path)
            expect(code in {200, 401, 503} and word.lower() in body.lower(), f"{path}: {code}: {body[:300]}")
        return "the admin page asks for a token; users are told of the maintenance"

    def _ask_flower(self) -> str:
        user = self._ask.secret("flower", "/run/secrets/flower_basic_auth")
        code, body = self._ask.get("flower", "/maintenance", user=user)
        expect(code == 200 and "Smoke test" in body, f"/maintenance: {code}: {body[:300]}")
        expect(self._ask.get("flower", "/maintenance")[0] == 401, "Flower's page is open to anybody")

        def figures_say_normal() -> bool:
            # On a busy machine a scrape may find no answer yet, and says then that nothing is known.
            code, body = self._ask.get("flower", "/metrics")
            return code == 200 and 'guard_mode{mode="normal"} 1.0' in body

        self._stack.wait(
            figures_say_normal, within=_SCRAPE_SECONDS, what="Flower's /metrics to say mode normal"
        )
        return "its page shows the window, its figures say mode normal"

    def _ask_prometheus(self) -> str:
        member = self._stack.members.get("prometheus")
        if member is None or member.state == State.ABSENT:
            return f"skipped: {member.why if member else 'no such service'}"

        def target_is_up() -> bool:
            targets = json.loads(self._ask.get("prometheus", "/api/v1/targets")[1])["data"]["activeTargets"]
            return bool(targets) and all(one["health"] == "up" for one in targets)

        self._stack.wait(
            target_is_up, within=_SCRAPE_SECONDS, what="Prometheus to have scraped all its targets"
        )
        rules = json.loads(self._ask.get("prometheus", "/api/v1/rules")[1])["data"]["groups"]
        return f"every target is up; {sum(len(group['rules']) for group in rules)} alert rules"

    def _make_it_an_emergency(self) -> str:
        self._ask.maintenance("change", "--mode", "emergency", "--grace", "1", codes=(0, 4))
        self._stack.wait(
            lambda: self._status()["active_jobs_count"] == 0,
            within=_JOB_SECONDS,
            what="the running job to be ended",
        )
        self._model.be_fast()
        return "the running job was asked to stop, and ended"

    def _end(self) -> str:
        window = self._ask.maintenance("disable")
        return f"the gate is open; parked jobs given back: {window['released']}"

    def _account(self) -> str:
        self._wait_for_jobs()
        report = self._ask.maintenance("report")
        expect(report["books"]["adds_up"] is True, f"the books do not balance: {report['books']}")
        return f"all of {len(self._accepted)} accepted jobs succeeded, and the report of the window adds up"

    def _beat(self) -> str:
        def has_ticked() -> bool:
            parts = json.loads(self._ask.get("web", "/api/health/maintenance", token=self._token)[1])[
                "checks"
            ]
            return any(
                one["status"] == "pass" for name, found in parts.items() if "beat" in name for one in found
            )

        self._stack.wait(has_ticked, within=_TICK_SECONDS, what="a worker to run what beat sends")
        return "a worker ran what beat sent"

    def _publish(self, *kinds: str) -> dict[str, str]:
        answer = self._ask.publish(*kinds)
        expect(not answer["refused"], f"refused: {answer['refused']}")
        published: dict[str, str] = answer["published"]
        self._accepted |= published
        return published

    def _wait_for_jobs(self) -> None:
        until = time.monotonic() + _JOB_SECONDS
        while set((states := self._ask.results(*self._accepted)).values()) != {"SUCCESS"}:
            if time.monotonic() > until:
                others = {job: state for job, state in states.items() if state != "SUCCESS"}
                raise Wrong(f"{len(others)} of {len(states)} jobs have not succeeded: {others}")
            self._stack.tick(())

    def _node_of(self, job: str) -> str:
        """The worker that runs it, once one does."""
        found: dict[str, str] = {}

        def runs() -> bool:
            found.update(self._ask.nodes(job))
            return bool(found)

        self._stack.wait(runs, within=_JOB_SECONDS, what="a worker to begin a job")
        return found[job]

    def _status(self) -> dict[str, Any]:
        code, body = self._ask.get("web", "/api/maintenance/status", token=self._token)
        expect(code == 200, f"status: {code}: {body[:300]}")
        found: dict[str, Any] = json.loads(body)
        return found
