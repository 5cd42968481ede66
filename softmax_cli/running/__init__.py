"""A data set in shards: what each gives, on processes or a cluster, and one result of all. No terminal, no exit."""
