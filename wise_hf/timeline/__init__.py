"""Recordings of any length: their emotion over time, and how well it is found."""

from wise_hf.timeline.rows import read_rows, write_rows
from wise_hf.timeline.run import predict_file


__all__ = ["predict_file", "read_rows", "write_rows"]
