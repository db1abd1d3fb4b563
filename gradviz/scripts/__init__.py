"""Experiments as code in four dialects: text in, text out. What writes it to disk is storage."""
