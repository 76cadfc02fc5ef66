"""The Celery app of a print shop, ten years old: tasks of every kind, in many files."""

import os

from celery import Celery

import guard

app = Celery(
    "print_shop",
    broker=os.environ["SHOP_BROKER"],
    backend=os.environ["SHOP_RESULTS"],
    include=[
        "print_shop.classes",
        "print_shop.long_jobs",
        "print_shop.operations",
        "print_shop.retries",
        "print_shop.timetable",
        "print_shop.workflows",
    ],
)
maintenance = guard.install(app)

# region: rules
rules = maintenance.operations
rules.declare("invoicing", blocked="emergency", message="Invoices are made later")
rules.add("invoicing", name="print_shop.operations.invoice")
rules.add("admin_operations", glob="print_shop.operations.report_*")
rules.add("batch_operations", queue="bulk")
# endregion
