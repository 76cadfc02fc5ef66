"""The documentation: made of the code, complete, and a site that works without any other host."""
