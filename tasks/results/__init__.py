"""Where the jobs leave their results: three SQL tables and the one class that writes them."""
