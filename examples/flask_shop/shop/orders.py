"""What customers see."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, request

from shop.models import Order, db
from shop.tasks import pack

orders = Blueprint("orders", __name__)


@orders.get("/orders")
def listed() -> list[dict[str, Any]]:
    found = db.session.scalars(db.select(Order).order_by(Order.id))
    return [{"id": order.id, "item": order.item, "packed": order.packed} for order in found]


@orders.post("/orders")
def ordered() -> tuple[dict[str, int], int]:
    if g.user is None:
        abort(401)
    order = Order(item=request.form["item"], customer=g.user.name)
    db.session.add(order)
    db.session.commit()
    pack.delay(order.id)
    return {"id": order.id}, 202
