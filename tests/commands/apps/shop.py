"""The `shop` of the documents: the repository's own app with three jobs of its own."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tasks.app import app, maintenance

__all__ = ["app", "maintenance"]
app.conf.worker_prefetch_multiplier = 4  # so that jobs are taken while others run, and parked


@app.task(operation="caption_generation")
def caption(image: str) -> str:
    """Ends at once."""
    return image


@app.task(operation="caption_generation")
def slow(image: str) -> str:
    """Ends when the fleet's file `go` is there."""
    Path(os.environ["FLEET"], f"began-{image}").touch()
    while not Path(os.environ["FLEET"], "go").exists():
        time.sleep(0.02)
    return image
