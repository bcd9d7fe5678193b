"""What holds whatever a model runs on and however long: measured by scripts, and in short by the tests."""
