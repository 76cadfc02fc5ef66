"""A process that answers, a line for a line."""

from __future__ import annotations

import json
from typing import Any

from one_host.child import Child
from one_host.smoke.wrong import Wrong


class Conversation(Child):
    """Ask it; what it writes to standard error is in its log."""

    pipes = True

    def ask(self, *words: str) -> dict[str, Any]:
        """The answer to `words`.

        Raises:
            Wrong: it has ended instead.
        """
        try:
            self.input.write(json.dumps(words) + "\n")
            self.input.flush()
            answer = self.output.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Wrong(f"what publishes the jobs has ended. The end of its log:\n{self.log_end()}")
        found: dict[str, Any] = json.loads(answer)
        return found
