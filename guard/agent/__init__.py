"""The agent: keeps one process's belief about the guard state fresh, and acknowledges each epoch."""
