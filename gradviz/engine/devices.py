"""The devices that this machine's PyTorch reports, and what to use when one is gone."""

from __future__ import annotations

import torch

from gradviz.engine.problems import EngineError


def available_devices() -> tuple[str, ...]:
    """``cpu`` first, then every accelerator as ``cuda:0``, ``mps``, ..."""
    names = ["cpu"]
    if torch.accelerator.is_available():
        kind = str(torch.accelerator.current_accelerator())
        count = torch.accelerator.device_count()
        names += [kind] if kind == "mps" else [f"{kind}:{index}" for index in range(count)]
    return tuple(names)


def resolve_device(name: str, dtype: str) -> tuple[torch.device, str]:
    """The device to use for `name`, and a notice (empty if it is the one that was asked for).

    EngineError where the device is there but cannot hold `dtype`.
    """
    known = available_devices()
    wanted = f"{name}:0" if f"{name}:0" in known else name
    if wanted not in known:
        return torch.device("cpu"), f"This machine has no {name}: the experiment runs on the CPU."
    if wanted.startswith("mps") and dtype == "float64":
        raise EngineError("The device mps cannot hold float64: choose float32, or the device cpu.")
    return torch.device(wanted), ""
