"""`celery -A print_shop worker`: the app is found here."""

from print_shop.app import app as celery

__all__ = ["celery"]
