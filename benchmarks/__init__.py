"""What the guard costs, each figure beside what a user would otherwise do: ``python -m benchmarks``."""
