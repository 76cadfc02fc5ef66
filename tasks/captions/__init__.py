"""Captioners: each turns one image file into one honest sentence or a clear error."""
