"""The same without pytest: ``python -m unittest test_shop_unittest``."""

from __future__ import annotations

import unittest

import shop

import guard.testing


class OrdersInAWindow(unittest.TestCase):
    def setUp(self) -> None:
        shop.app.conf.broker_url = "memory://"
        self.maintenance = guard.testing.in_memory(shop.app)
        self.addCleanup(self.maintenance.uninstall)

    def test_an_order_is_refused(self) -> None:
        with self.maintenance.window(reason="Database upgrade", duration=600):
            self.assertEqual(shop.order_caption("cat.jpg")[0], 503)
        self.assertEqual(shop.order_caption("cat.jpg")[0], 202)
        self.assertEqual(self.maintenance.refused.tasks, ["shop.caption"])


if __name__ == "__main__":
    unittest.main()
