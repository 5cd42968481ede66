"""What processes or a cluster do: one result of a data set in shards, a Jacobian in chunks. No terminal, no exit."""
