"""A shop: Flask, Flask-SQLAlchemy, Celery made as Flask's documentation makes it."""

from __future__ import annotations

import os

from flask import Flask

from shop.accounts import accounts
from shop.jobs import celery_init_app
from shop.models import db
from shop.orders import orders


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=os.environ["SECRET_KEY"],
        SQLALCHEMY_DATABASE_URI=os.environ["SHOP_DATABASE"],
        CELERY={
            "broker_url": os.environ["SHOP_BROKER"],
            "result_backend": os.environ["SHOP_RESULTS"],
            "task_acks_late": True,
            "beat_schedule": {"stock": {"task": "shop.tasks.count_stock", "schedule": 3600.0}},
        },
    )
    app.config.from_prefixed_env()
    db.init_app(app)
    celery_init_app(app)
    app.register_blueprint(accounts)
    app.register_blueprint(orders)
    with app.app_context():
        db.create_all()
    return app
