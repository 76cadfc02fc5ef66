"""One process that serves the status of a guarded app: ``python -m benchmarks.status_server``.

Prints its port. ``/plain`` is a view without any of the guard: what Flask and the server cost by themselves.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flask import Flask, jsonify
from waitress.server import create_server

from benchmarks.noop import build
from guard.web.api import make_api
from guard.web.door import Door

THREADS = 8


def main() -> None:
    """Serve until killed."""
    _, guard = build(os.environ)
    assert guard is not None
    app = Flask("status")
    app.register_blueprint(make_api(guard, Door(guard)), url_prefix="/api")

    @app.get("/plain")
    def plain() -> Any:
        return jsonify(ok=True)

    server: Any = create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    sys.exit(main())
