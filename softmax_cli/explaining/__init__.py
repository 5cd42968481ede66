"""The derivation, worked with one's own numbers, as steps and in the formats that show them. It reads `core`."""
