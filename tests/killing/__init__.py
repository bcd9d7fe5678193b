"""Commands that are killed, run out of room, or meet a second one, and what they leave; see scripts/kill_test.py."""
