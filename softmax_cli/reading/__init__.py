"""Files, pipes and text become a Problem: x, W, b and what goes with them. It reads `core` for what may come in."""
