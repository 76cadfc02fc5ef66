"""The decisions of maintenance: pure functions over frozen values.

Rule of this package: no I/O, no clock, no chance, no logging. Time comes in as an argument; what
is to be done goes out as a value. CI holds it (import contracts, tests/test_architecture.py).
"""
