"""Numbers for advice: rates that a person would type."""

from __future__ import annotations

import math


def round_rate(value: float) -> float:
    """`value` with one leading digit."""
    return float(f"{value:.1g}") if value > 0 and math.isfinite(value) else 0.0
