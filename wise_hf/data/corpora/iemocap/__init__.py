"""IEMOCAP: sessions, dialogs, labels and the words of its forced alignment."""
