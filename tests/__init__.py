"""A package, so that `tests.support` is importable and equal file names in two folders do not clash."""
