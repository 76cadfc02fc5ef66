"""`tasks.images.optimize`: one image file made fit for the web, and a row about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.app import app
from tasks.images.errors import BrokenImage
from tasks.jobs.wiring import results, settings
from tasks.names import OPTIMIZE_IMAGE

if TYPE_CHECKING:
    from celery import Task


# `throws`: an expected failure, logged in one line without a traceback.
@app.task(name=OPTIMIZE_IMAGE, operation="image_processing", bind=True, throws=(BrokenImage,))
def optimize(self: Task[..., Any], path: str, destination_dir: str | None = None) -> dict[str, Any]:
    """Optimise the image at `path` into `destination_dir`, by default STORAGE_IMAGES_DIR.

    Returns:
        `{path, size: [width, height], mode, format, bytes_before, bytes_after}`

    Raises:
        BrokenImage: It is no usable image. No row, no file.
    """
    from tasks.images.optimize import optimize_image

    source = Path(path)
    image = optimize_image(
        source, Path(destination_dir) if destination_dir else settings().storage_images_dir
    )
    results().save_image(str(self.request.id), source, image)
    return {
        "path": str(image.path),
        "size": list(image.size),
        "mode": image.mode,
        "format": image.format,
        "bytes_before": image.bytes_before,
        "bytes_after": image.bytes_after,
    }
