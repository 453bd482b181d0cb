"""Readers: one per layout family. They say what a file holds, never what it means."""
