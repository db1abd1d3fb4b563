"""Exported scripts: an experiment as a short program in one of four dialects."""
