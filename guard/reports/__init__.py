"""Reports: facts gathered from the stores, and reports rendered as text, JSON and one page of HTML.

What a report says is decided in `guard.core.reports`.
"""

from __future__ import annotations
