"""What people and programs see: events, log lines, traces."""
