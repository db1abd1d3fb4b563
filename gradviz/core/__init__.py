"""Frozen values and catalogues; knows neither torch (but for builders) nor Qt."""
