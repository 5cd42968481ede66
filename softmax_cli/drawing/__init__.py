"""Heatmaps in the terminal and plots in files. It reads `writing` and `core`."""
