"""What a saved model carries: flat modules that import each other and installed libraries, nothing else of wise_hf."""
