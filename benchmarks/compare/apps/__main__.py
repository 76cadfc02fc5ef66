"""``python -m benchmarks.compare.apps NAME``: serve the harness for one tool.

Its module is imported by the name by which the workers know it too: Huey names tasks for their module.
"""

import sys
from importlib import import_module

from benchmarks.compare.serving import serve

serve(import_module(f"benchmarks.compare.apps.{sys.argv[1]}").make_tool())
