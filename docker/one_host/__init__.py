"""The processes of `docker/compose.yaml` on one host, without an engine: `python docker/one_host`."""
