"""Mutation testing of `guard/core`: `python -m tests.mutants [module ...]`; see docs/mutation.md."""
