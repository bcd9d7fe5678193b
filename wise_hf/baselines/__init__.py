"""The systems that WISE is compared with, under the same folds and metrics."""
