"""Tasks of the smoke tests' worker; the plugin copies this file into the worker's folder."""

from __future__ import annotations

from celery import shared_task


@shared_task
def multiply(one: int, other: int) -> int:
    """Multiply two numbers."""
    return one * other
