"""Scripts executed here, as the text that they are: what takes no TensorFlow needs no process of its own."""

from __future__ import annotations

import io
import json
import warnings
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import torch
from script_runs import Ended


def executed(text: str) -> Ended:
    """Where a script ends; torch's defaults and random state are put back."""
    printed = io.StringIO()
    dtype, random, threads = torch.get_default_dtype(), torch.get_rng_state(), torch.get_num_threads()
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(1)
    try:
        with redirect_stdout(printed), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what diverges overflows
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
    finally:
        torch.set_default_dtype(dtype)
        torch.set_rng_state(random)
        torch.set_num_threads(threads)
    lines = printed.getvalue().splitlines()
    result: dict[str, Any] = json.loads(lines[-1])
    return Ended(result["loss"], result["parameters"], result["gradients"], printed=lines)
