"""What conducts a window: closes and waits for acknowledgements, releases, reports."""
