"""Thousands of jobs that emergencies end, each compared with what the guard wrote down about it.

    python -m tests.stress_kills 1000 --seed 7

Real prefork workers run jobs of many characters. Emergencies end them; each job keeps a journal of its own,
and the kernel says when its process ended. `judge` compares both with the guard's records. See docs/kills.md.
"""
