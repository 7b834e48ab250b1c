"""The thesis against itself: its tables, captions and sentences, without any training."""
