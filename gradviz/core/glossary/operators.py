"""The operator that a node of autograd belongs to, by the node's name."""

from __future__ import annotations

import functools
import re


@functools.cache
def operator_name(op: str) -> str:
    """mul of MulBackward0, mse_loss of MseLossBackward0, my_function of a custom MyFunctionBackward."""
    bare = re.sub(r"Backward\d*$", "", op.rsplit("::", 1)[-1])
    plain = re.sub(r"(?<=\d)[A-Z](?=$|[A-Z])", lambda letter: letter[0].lower(), bare)  # AvgPool2D, FftR2C, Log1P
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
