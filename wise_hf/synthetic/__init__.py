"""Speech and corpora made by a synthesiser, for the demo, tests and benchmarks alone."""
