"""What `make demo` needs: material to work on."""
