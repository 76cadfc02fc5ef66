"""What of the documentation is made of the code. `python docs/generate.py` writes it."""
