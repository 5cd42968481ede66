"""The derivation as text: one format a file. It reads the steps of `explaining`."""
