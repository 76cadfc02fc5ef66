"""From asyncio: publish in a thread, as with Celery itself."""

import asyncio

import guard
from print_shop.operations import crop


# region: asyncio
async def order_a_crop(picture: str) -> tuple[int, str]:
    try:
        job = await asyncio.to_thread(crop.delay, picture)
    except guard.MaintenanceActive as refused:
        return 503, refused.message
    return 202, job.id


# endregion
