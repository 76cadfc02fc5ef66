"""Reports: what happened in a time or in a window, from what is kept, without a figure that nobody can trace.

Facts go in, a `Report` comes out; nothing here asks a store. See `docs/reports.md`.
"""

from __future__ import annotations
