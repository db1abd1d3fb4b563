"""Widgets that are given values and draw them; none knows another."""
