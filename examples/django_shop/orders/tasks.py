"""What workers do."""

from celery import shared_task
from django.db.models import F

from orders.models import Order


@shared_task
def pack(order_id: int) -> int:
    return Order.objects.filter(pk=order_id).update(packed=F("packed") + 1)


@shared_task
def refund(order_id: int) -> str:
    return f"refunded {Order.objects.get(pk=order_id).item}"


@shared_task
def count_stock() -> int:
    return Order.objects.filter(packed=0).count()
