"""The versions that a run was made with."""

from __future__ import annotations

import platform

import numpy
import torch

import gradviz


def versions() -> dict[str, str]:
    """Version by name: gradviz, torch, numpy, python, and the kind of machine."""
    return {
        "gradviz": gradviz.__version__,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
