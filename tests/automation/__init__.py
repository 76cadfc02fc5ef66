"""Routines on real stores, and beat with a worker."""
