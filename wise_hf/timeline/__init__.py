"""Recordings of any length: their emotion over time, and how well it is found."""
