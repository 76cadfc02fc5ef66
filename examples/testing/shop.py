"""A small shop with a guard, as an application would have it: what the tests beside this file are about."""

from __future__ import annotations

from celery import Celery

import guard

app = Celery("shop", task_cls="guard:GuardedTask")
app.conf.broker_url = "redis://localhost:6379/0"  # never asked in these tests
maintenance = guard.install(app)
maintenance.operations.add("admin_operations", glob="shop.audit*")


@app.task(name="shop.caption", operation="caption_generation")
def caption(image: str) -> str:
    """Describe an image."""
    return f"a picture of {image}"


@app.task(name="shop.import_all", operation="batch_operations")
def import_all(images: list[str]) -> list[str]:
    """Import images until there are none left, or somebody asks to stop."""
    done = []
    for image in images:
        if guard.should_stop():
            break
        done.append(image)
    return done


@app.task(name="shop.audit_stock")
def audit_stock() -> str:
    """Count what is there: never blocked, by the rule above."""
    return "counted"


def order_caption(image: str) -> tuple[int, str, dict[str, str]]:
    """What a web page answers to an order: status, text, headers."""
    try:
        caption.delay(image)
    except guard.MaintenanceActive as refused:
        return 503, refused.message, {"Retry-After": str(refused.retry_after)}
    return 202, "on its way", {}


def order_later(image: str) -> str:
    """An order that may wait for the end of a window; the id of its job."""
    return str(caption.apply_async((image,), when_closed="hold").id)


def banner() -> str:
    """What stands on top of each page."""
    status = maintenance.status()
    return status.message if status.is_active else ""
