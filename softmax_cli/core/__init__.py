"""The mathematics of the layer: arrays in, arrays out.

numpy alone (and `errors`): no files, no terminal, nothing printed.
"""
