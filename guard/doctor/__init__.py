"""The doctor: asks every neighbour at once, with a time limit, and changes nothing. The judgements are in
the core."""
