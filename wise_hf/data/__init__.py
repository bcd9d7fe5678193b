"""Corpora -> one schema of aligned utterances -> batches."""
