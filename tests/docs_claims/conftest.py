"""The pages that auditors and sceptics read, held to the code."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import make_shop, shop

__all__ = ["make_shop", "shop"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """As in the acceptance tests: kombu drops broken sockets for the collector to close."""
    ignored = pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    )
    for item in items:
        if "tests/docs_claims/" in str(item.path):
            item.add_marker(ignored)
