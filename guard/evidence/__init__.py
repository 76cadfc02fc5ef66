"""Evidence: what an emergency leaves, copied into a folder before it is cleaned up. One collector a file."""
