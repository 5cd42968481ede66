"""A result as bytes: one format a file, each with `write`, and `registry` that names them.

It reads `core`, and `result` of `writing`.
"""
