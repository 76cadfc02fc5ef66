"""`install(app)`: the only place that wires. Everything else is given what it needs.

Nothing connects here: stores and broker are reached at the first use, so importing an app costs
nothing and works while its servers are away. A worker loads what a worker needs; what conducts windows
(`conducting`) and SQLAlchemy are loaded by the process that conducts one.
"""

from guard.bootstrap.installing import install, installed
from guard.bootstrap.places import local_close_file

__all__ = ["install", "installed", "local_close_file"]
