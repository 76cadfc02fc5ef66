"""A deterministic simulator of the guard: its real code in simulated time. See docs/simulator.md."""
