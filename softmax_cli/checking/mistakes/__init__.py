"""The mistakes that people make, one family a file: `registry` lists them, the likelier first.

A mistake is a function from a formula to the same formula with one part exchanged. It computes no matrix.
"""
