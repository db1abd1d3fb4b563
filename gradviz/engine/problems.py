"""What a user asked of the engine and it cannot do."""

from __future__ import annotations

import os

from gradviz.core.problems import GradvizError


class EngineError(GradvizError):
    """One sentence that names the cause and the next step."""


def is_of_torch(error: BaseException) -> bool:
    """Whether PyTorch says so: its C++ raises RuntimeErrors, its Python whatever it likes. Else gradviz is at fault."""
    if isinstance(error, RuntimeError):
        return not isinstance(error, RecursionError)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and f"{os.sep}torch{os.sep}" in trace.tb_frame.f_code.co_filename
