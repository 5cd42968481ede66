"""A Result becomes tables, JSON, CSV, npy or npz, in a file that is whole or not there.

It reads `reading` and `core`.
"""
