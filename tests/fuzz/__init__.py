"""Fuzzing: whatever reads what somebody else may have written, given what nobody would write.

`make fuzz N=…`, or a few hundred inputs of each target with the other tests. See docs/fuzzing.md.
"""
