"""Flower's options that are no business of a command line: who may sign in."""

import os
from pathlib import Path

# user:password, from a file; Flower reads only its own variables, and those would show in `docker inspect`.
basic_auth = [Path(os.environ["FLOWER_BASIC_AUTH_FILE"]).read_text("utf-8").strip()]
# Behind a proxy of this host: True, so that the journal names whom it forwards. Only the proxy may reach the
# port then, since whoever does can say that it is anybody.
xheaders = False
