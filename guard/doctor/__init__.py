"""The doctor: asks every neighbour at once, for a limited time, and changes nothing. The core judges."""
