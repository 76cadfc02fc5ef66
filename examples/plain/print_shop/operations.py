"""Which operation a task is: said at the task, by a rule in `app.py`, or by nobody."""

from celery import shared_task

from print_shop.app import app


# region: operation
@app.task(operation="image_processing")
def crop(picture: str) -> str:
    return f"{picture}, cropped"


# endregion


# region: hold
@shared_task(when_closed="hold")
def print_page(page: int) -> str:
    return f"page {page}"


# endregion


@shared_task
def bind_book(book: str) -> str:
    return f"{book}, bound"


@shared_task
def invoice(order: int) -> str:
    return f"invoice {order}"


@shared_task
def report_stock() -> str:
    return "4 reams"
