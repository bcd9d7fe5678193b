"""What recognition errors do to WISE."""
