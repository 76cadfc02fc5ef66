"""docs/verifying.md."""


def try_one(caption, token):
    # region: try-one
    caption.apply_async(("cat.jpg",), headers={"guard_bypass": token}).get(timeout=60)
    # endregion
