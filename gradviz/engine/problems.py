"""What a user asked of the engine and it cannot do."""

from __future__ import annotations

from gradviz.core.problems import GradvizError


class EngineError(GradvizError):
    """One sentence that names the cause and the next step."""
