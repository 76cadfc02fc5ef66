"""A shop with real workers, as the acceptance tests have it."""

from tests.acceptance.conftest import make_shop, shop

__all__ = ["make_shop", "shop"]
