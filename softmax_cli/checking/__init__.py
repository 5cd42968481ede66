"""Somebody else's result against ours, and what went wrong with it.

It takes arrays and gives reports; it reads `core`, and neither opens a file nor exits.
"""
