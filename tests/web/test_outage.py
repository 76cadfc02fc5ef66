"""A control plane that does not answer: everything guarded is refused, and nobody waits long for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.eventually import eventually
from tests.support.gallery import build
from tests.support.stopwatch import Stopwatch
from tests.support.valkey import Valkey
from tests.web.conftest import Gallery, environ_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_frozen_control_plane_closes_and_costs_little(tmp_path: Path) -> None:
    with Valkey() as valkey:
        environ = environ_of(valkey, tmp_path)
        gallery = Gallery(*build(environ), environ)
        bob, ada, nobody = gallery.client("bob"), gallery.client("ada"), gallery.client()
        assert bob.post("/make").status_code == 202
        valkey.freeze()
        try:
            eventually(lambda: bob.post("/make").status_code == 503, within=10, what="the lease has run out")
            watch = Stopwatch()
            for _ in range(50):
                answer = bob.post("/profile")
                assert (answer.status_code, answer.headers["X-Maintenance-Mode"]) == (503, "unknown")
                assert 30 <= int(answer.headers["Retry-After"]) <= 70
            assert nobody.get("/maintenance").status_code == 200
            assert nobody.get("/login").status_code == 200
            assert ada.get("/admin/users").status_code == 200
            assert watch.seconds < 6
        finally:
            valkey.thaw()
        eventually(lambda: bob.post("/make").status_code == 202, within=10, what="open again")
        assert bob.get("/").text == "pictures of bob"
        gallery.guard.close()
