"""Tensors and arrays as plain values: numbers of small ones, a summary of large ones, and what autograd says of them.

Nothing here changes what the script can see: no version counter, no graph, no random number, no view that outlives it.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import sys
from typing import Any

MOST_NUMBERS = 100
"""Tensors with at most so many entries are sent whole."""
MOST_COMPARED = 65536
"""Bytes of a tensor that are compared at every line; of a larger one autograd's version counter tells."""
BINS = 20
REQUIRES, LEAF, RETAINS, PARAMETER = 1, 2, 4, 8

_names: dict[Any, str] = {}
_string_at = ctypes.string_at


def name_of(thing: Any) -> str:
    """``float32`` of torch.float32, ``cpu`` of a device: made once."""
    known = _names.get(thing)
    if known is None:
        known = _names[thing] = str(thing).rsplit(".", 1)[-1]
    return known


def flat(numbers: Any) -> list[Any]:
    """Nested lists in one, complex numbers as pairs."""
    if not isinstance(numbers, list):
        numbers = [numbers]
    while numbers and isinstance(numbers[0], list):
        numbers = [one for row in numbers for one in row]
    if numbers and isinstance(numbers[0], complex):
        return [[one.real, one.imag] for one in numbers]
    return list(numbers)


def is_small(tensor: Any) -> bool:
    """Whether the numbers themselves are sent."""
    return bool(tensor.numel() <= MOST_NUMBERS)


def is_readable(tensor: Any) -> bool:
    """Whether there are numbers in memory to look at: not of meta, sparse, nested and quantised tensors."""
    return name_of(tensor.layout) == "strided" and tensor.device.type != "meta" and not tensor.is_quantized


def fingerprint(tensor: Any) -> Any:
    """What tells whether the numbers changed: all of a small tensor, the bytes of a larger one, None of a huge one."""
    if tensor.numel() <= MOST_NUMBERS:
        return tensor.tolist()
    size = tensor.numel() * tensor.element_size()
    if size <= MOST_COMPARED and tensor.device.type == "cpu" and tensor.is_contiguous():
        return _string_at(tensor.data_ptr(), size)
    return None


def numbers_of(tensor: Any) -> Any:
    """The entries of a small tensor, a summary of a large one; None where they cannot be read."""
    if not is_readable(tensor):
        return None
    if tensor.numel() <= MOST_NUMBERS:
        return flat(tensor.tolist())
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    with torch.no_grad():
        return _summary(torch, tensor.detach())


def _summary(torch: Any, values: Any) -> dict[str, Any]:
    digest = digest_of(values)
    if values.is_complex():
        values = values.abs()
    values = values.reshape(-1).to("cpu", torch.float64)
    finite = values[torch.isfinite(values)]
    found: dict[str, Any] = {"digest": digest, "not_finite": int(values.numel() - finite.numel())}
    if finite.numel():
        low, high = float(finite.min()), float(finite.max())
        found.update(min=low, max=high, mean=float(finite.mean()), norm=float(finite.norm()))
        if low < high and math.isfinite(high - low):
            found["histogram"] = [int(count) for count in torch.histc(finite, BINS, low, high).tolist()]
    return found


def digest_of(tensor: Any) -> str:
    """A digest of the bytes of a tensor, row after row; empty where they cannot be read."""
    try:
        whole = tensor.detach().cpu().contiguous()
        size = whole.numel() * whole.element_size()
        return hashlib.blake2b(_string_at(whole.data_ptr(), size), digest_size=8).hexdigest() if size else ""
    except (RuntimeError, NotImplementedError):
        return ""


def storage_of(tensor: Any) -> int:
    """Where the memory begins that a tensor looks at; 0 where there is none."""
    try:
        pointer: int = tensor.untyped_storage().data_ptr()
        return pointer
    except AttributeError:  # torch before 2.0
        return int(tensor.storage().data_ptr())
    except (RuntimeError, NotImplementedError):
        return 0


def version_of(tensor: Any) -> int:
    """How often the tensor was changed in place; -1 of one made in inference mode, which does not count."""
    try:
        version: int = tensor._version
        return version
    except RuntimeError:
        return -1


def array_bytes(array: Any) -> Any:
    """What tells whether an array changed."""
    return array.tobytes() if array.nbytes <= MOST_COMPARED else array.reshape(-1)[:: 1 + array.size // 4096].tobytes()


def array_numbers(array: Any) -> Any:
    """As `numbers_of`, of an array of NumPy; None where it holds no numbers."""
    if array.dtype.kind not in "biufc":
        return None
    if array.size <= MOST_NUMBERS:
        return flat(array.tolist())
    numpy = sys.modules["numpy"]
    digest = hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()
    values = (abs(array) if array.dtype.kind == "c" else array).reshape(-1).astype("float64")
    finite = values[numpy.isfinite(values)]
    found: dict[str, Any] = {"digest": digest, "not_finite": int(values.size - finite.size)}
    if finite.size:
        with numpy.errstate(all="ignore"):
            found.update(min=float(finite.min()), max=float(finite.max()), mean=float(finite.mean()))
            found["norm"] = float(numpy.sqrt((finite * finite).sum()))
            if found["min"] < found["max"] and math.isfinite(found["max"] - found["min"]):
                found["histogram"] = [int(count) for count in numpy.histogram(finite, BINS)[0]]
    return found


def array_storage(array: Any) -> int:
    """Where the memory begins that an array looks at, which may be a tensor's."""
    while True:
        base = getattr(array, "base", None)
        if base is None:
            break
        array = base
    if hasattr(array, "untyped_storage"):
        return storage_of(array)
    interface = getattr(array, "__array_interface__", None)
    return int(interface["data"][0]) if interface else 0
