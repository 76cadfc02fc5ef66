"""What is in `docker/`: the compose file, the servers' configurations, and the health checks."""
