"""Where the guard keeps things: SQL is the durable truth, Redis the live control plane, memory for tests."""
