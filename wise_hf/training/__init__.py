"""Training: one loop, cross-validation around it, scores and tables after it."""
