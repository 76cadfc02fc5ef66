"""The smoke test: real jobs through a whole window, on the processes of the compose file."""

from one_host.smoke.run import Result, run_smoke

__all__ = ["Result", "run_smoke"]
