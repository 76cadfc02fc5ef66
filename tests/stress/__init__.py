"""The kill harness: a real fleet under random faults, judged from journals alone. See docs/stress.md."""
