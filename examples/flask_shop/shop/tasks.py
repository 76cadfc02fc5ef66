"""What workers do. Each task needs the application's context, which `FlaskTask` gives it."""

from __future__ import annotations

from celery import shared_task
from flask import current_app

from shop.models import Order, db


@shared_task(bind=True, max_retries=3, ignore_result=False)
def pack(self, order_id: int) -> str:
    order = db.session.get(Order, order_id)
    if order is None:
        raise self.retry(countdown=1)
    order.packed += 1
    db.session.commit()
    return f"{order.item} packed by {current_app.name}"


@shared_task(ignore_result=False)
def count_stock() -> int:
    return db.session.query(Order).filter_by(packed=0).count()


@shared_task(ignore_result=False)
def ping() -> str:
    return current_app.name
