"""Real processes, real servers and faults for the tests: nothing here is imported by `guard` itself."""
