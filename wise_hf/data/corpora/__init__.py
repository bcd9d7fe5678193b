"""One entry a corpus: its files read as utterances of the schema."""
