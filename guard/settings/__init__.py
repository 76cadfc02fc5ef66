"""Settings from the environment: the guides' names and defaults, and those of this product."""

from guard.settings.model import Settings, WhenClosed
from guard.settings.read import load_settings

__all__ = ["Settings", "WhenClosed", "load_settings"]
