"""What beat runs: scheduled windows, routines, the weekly optimization."""
