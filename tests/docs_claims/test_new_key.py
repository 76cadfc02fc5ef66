"""docs/security.md, "A new GUARD_SECRET_KEY": with a window around it nothing is lost and none starts early;
without one every gate stays closed until the next change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.modes import Phase
from tests.support.eventually import eventually
from tests.support.shop import SECRET, Shop

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

NEW = {"GUARD_SECRET_KEY": "another-secret-of-tests", "GUARD_FORMER_SECRET_KEYS": SECRET}


def with_a_new_key(shop: Shop) -> AbstractContextManager[Shop]:
    """The same app on the same stores, after its configuration was changed."""
    environ = {name: shop.environ[name] for name in ("SHOP_BROKER", "SHOP_BACKEND", "REDIS_URL")}
    return Shop(
        broker=environ["SHOP_BROKER"],
        backend=environ["SHOP_BACKEND"],
        redis=environ["REDIS_URL"],
        folder=shop.folder,
        **NEW,
    )


@pytest.mark.slow
def test_the_procedure_of_the_page(shop: Shop) -> None:
    old = shop.worker("old")
    _, returned = shop.enable()
    waiting = shop.send("job", 1, when_closed="hold")
    assert shop.guard.drain(within=10).state.phase is Phase.ACTIVE
    old.terminate()
    with with_a_new_key(shop) as again:
        again.worker("new")
        assert again.started_after(returned) == [], "the record is signed with a key that is not here"
        again.guard.disable(by="tests")
        assert waiting.get(timeout=20) == 1
        assert again.guard.audit.verify().verdict.intact


@pytest.mark.slow
def test_without_a_window_gates_are_closed_until_the_next_change(shop: Shop) -> None:
    shop.worker("old").terminate()
    with with_a_new_key(shop) as again:
        again.worker("new")
        refused = eventually(lambda: again.guard.is_active or None, what="this process to be closed")
        assert refused
        assert any("GUARD_SECRET_KEY" in warning for warning in again.guard.status().warnings)
        again.enable()
        again.guard.disable(by="tests")
        assert again.send("job", 2).get(timeout=20) == 2
