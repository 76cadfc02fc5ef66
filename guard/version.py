"""The version of this release, and the one place where it is written.

The build reads it from here without running anything; so what a process says of itself is what it runs, also
when newer files were installed beneath it.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
