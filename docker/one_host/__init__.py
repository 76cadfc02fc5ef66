"""The processes of `docker/compose.yaml` on one host, without a container engine: `python docker/one_host`."""
