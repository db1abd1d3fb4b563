"""The memory of this machine against what a run will need."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

from gradviz.core.document.experiment import Experiment
from gradviz.core.document.memory import bytes_text, memory_of
from gradviz.core.objectives.fit import FitObjective
from gradviz.engine.problems import EngineError


class _WindowsMemory(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 6),
    )


def check_memory(experiment: Experiment, device: torch.device) -> None:
    """EngineError, before anything is built, where the run cannot fit into the memory of its device."""
    estimate = memory_of(experiment)
    if estimate is None:
        return
    limit = memory_of_machine(device)
    if estimate.total > limit:
        raise EngineError(
            f"The run needs about {bytes_text(estimate.total)}, but {device} has {bytes_text(limit)}: "
            f"choose {_less(experiment)}, or fewer optimisers."
        )


def _less(experiment: Experiment) -> str:
    is_fit = isinstance(experiment.objective, FitObjective)
    return "fewer features, a smaller batch" if is_fit else "smaller tensors"


def memory_of_machine(device: torch.device) -> int:
    """Bytes of the device, used ones included."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    if sys.platform == "win32":
        status = _WindowsMemory(length=ctypes.sizeof(_WindowsMemory))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.total)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
