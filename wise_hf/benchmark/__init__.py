"""How fast wise_hf is, as ratios: rows of measurements, and their table beside that of an earlier state."""
