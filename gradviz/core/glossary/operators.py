"""The operator that a node of autograd belongs to, by the node's name."""

from __future__ import annotations

import functools
import re


@functools.cache
def operator_name(op: str) -> str:
    """mul of MulBackward0, mse_loss of MseLossBackward0, my_function of a custom MyFunctionBackward."""
    bare = re.sub(r"Backward\d*$", "", op.rsplit("::", 1)[-1])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare).lower()
