"""What beat sends."""

from celery import shared_task

from print_shop.app import app


# region: beat
app.conf.beat_schedule = {
    "count": {"task": "print_shop.timetable.count_sheets", "schedule": 1.0},
    "alive": {"task": "print_shop.timetable.alive", "schedule": 1.0},
}


@shared_task
def count_sheets() -> int:
    return 500


@shared_task(operation="admin_operations")
def alive() -> bool:
    return True


# endregion
