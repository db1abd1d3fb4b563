"""What a user asked of the engine and it cannot do."""

from __future__ import annotations


class EngineError(Exception):
    """One sentence that names the cause and the next step."""
