"""What code that publishes does about a closed gate."""

from typing import Any

import guard
from print_shop.operations import bind_book, crop, print_page


# region: refused
def order_a_crop(picture: str) -> tuple[str, int, dict[str, str]]:
    try:
        crop.delay(picture)
    except guard.MaintenanceActive as refused:
        return refused.message, 503, {"Retry-After": str(refused.retry_after)}
    return "ordered", 202, {}


# endregion


# region: wait
def order_a_book(book: str) -> Any:
    return bind_book.apply_async((book,), when_closed="hold")


# endregion


# region: important
def print_first(page: int) -> Any:
    return print_page.apply_async((page,), priority=0, expires=3600)


# endregion
