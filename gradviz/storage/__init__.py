"""Experiment files, the gallery and histories on disk; knows neither torch nor Qt."""
