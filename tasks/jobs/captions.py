"""`tasks.captions.generate`: one caption for one image file, and a row with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.app import app
from tasks.captions.captioner import CaptionFailed, choose
from tasks.images.errors import BrokenImage
from tasks.jobs.wiring import results, settings
from tasks.names import GENERATE_CAPTION

if TYPE_CHECKING:
    from celery import Task


# `throws`: an expected failure, logged in one line without a traceback.
@app.task(
    name=GENERATE_CAPTION, operation="caption_generation", bind=True, throws=(BrokenImage, CaptionFailed)
)
def generate(self: Task[..., Any], path: str) -> dict[str, Any]:
    """Describe the image at `path` with the captioner that TASKS_CAPTIONER names.

    The image is optimised first, so that a model gets at most 1024x1024 pixels and every captioner a checked
    file; the file is the one that `tasks.images.optimize` writes for the same image.

    Returns:
        `{path, text, captioner, is_ai, notes: [sentence]}`

    Raises:
        BrokenImage: It is no usable image. No row.
        CaptionFailed: The captioner could not describe it. No row: there is no caption then.
    """
    from tasks.images.optimize import optimize_image

    source = Path(path)
    image = optimize_image(source, settings().storage_images_dir)
    caption = choose(settings()).caption(image.path)
    results().save_caption(str(self.request.id), source, caption)
    return {
        "path": str(image.path),
        "text": caption.text,
        "captioner": caption.captioner,
        "is_ai": caption.is_ai,
        "notes": list(caption.notes),
    }
