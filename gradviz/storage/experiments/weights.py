"""Weights by themselves: as safetensors, or as a state_dict that torch.load reads (.pt).

A .pt file is a pickle inside a zip archive. It is read only where the caller allows it, with ``weights_only=True``, and
only after its archive was found to be stored without compression, so that its size bounds what it takes in memory.
"""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from gradviz.core.runs.result import RunResult
from gradviz.storage.atomic_write import check_name, write_bytes
from gradviz.storage.experiments.header import header_of, open_regular
from gradviz.storage.problems import FileError, cause_of

Weights = dict[str, NDArray[Any]]
CHOOSE = "Choose a .safetensors file, or a .pt file with a state_dict."
SUFFIXES = (".safetensors", ".pt", ".pth")
MAX_ENTRIES = 20_000


class PickleNotAllowedError(FileError):
    """The file is a .pt file, and those were not allowed."""


def weights_of(result: RunResult, optimizer: int = 0) -> Weights:
    """The weights of one optimiser by the names that PyTorch gives them."""
    return dict(result.lanes[optimizer].weights)


def check_target(path: Path) -> None:
    """FileError where no weights can be written to a file of this name: asked before a long run, not after it."""
    check_name(path)
    if path.suffix.lower() not in SUFFIXES:
        raise FileError(f"The weights were not saved. {path.suffix or 'No ending'} is not a kind of weights.", CHOOSE)


def save_weights(path: Path, weights: Mapping[str, NDArray[Any]], about: Mapping[str, str] | None = None) -> None:
    """Write `weights` as the ending of `path` asks for; safetensors keeps what is said `about` them, by its name."""
    check_target(path)
    suffix = path.suffix.lower()
    arrays = {name: np.asarray(value, order="C") for name, value in weights.items()}
    is_plain = suffix == ".safetensors"
    write_bytes(path, safetensors.numpy.save(arrays, dict(about or {}) or None) if is_plain else _state_dict(arrays))


def keeps_scaling(path: Path) -> bool:
    """Whether a file of this name can say how what goes into the model was scaled: a .pt file holds tensors alone."""
    return path.suffix.lower() == ".safetensors"


def load_weights(path: Path, allow_pickle: bool = False) -> Weights:
    """Read weights by name; PickleNotAllowedError for a .pt file unless `allow_pickle`."""
    try:
        return _read(path, allow_pickle)
    except PickleNotAllowedError:
        raise
    except FileError as error:
        raise FileError(error.cause.replace("a gradviz file", "a file of weights"), CHOOSE) from None


def _read(path: Path, allow_pickle: bool) -> Weights:
    with open_regular(path) as stream:
        try:
            size = os.fstat(stream.fileno()).st_size
            first = stream.read(4)
            stream.seek(0)
            if not first.startswith(b"PK"):
                return _safetensors(stream.read(), size)
            if not allow_pickle:
                raise PickleNotAllowedError("This is a .pt file, a pickle: gradviz reads none unless you allow it.")
            return _checked_archive(stream.read(), size)
        except OSError as error:
            raise FileError(f"The file cannot be read. {cause_of(error)}", CHOOSE) from error


def _safetensors(data: bytes, size: int) -> Weights:
    header_of(io.BytesIO(data), size)
    try:
        return dict(safetensors.numpy.load(data))
    except (safetensors.SafetensorError, ValueError) as error:
        raise FileError(f"The tensors of the file cannot be read: {error}.", CHOOSE) from None


def _state_dict(weights: Weights) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(value) for name, value in weights.items()}, buffer)
    return buffer.getvalue()


def _checked_archive(data: bytes, size: int) -> Weights:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise FileError("This .pt file is damaged: its archive cannot be read.", CHOOSE) from None
    if len(entries) > MAX_ENTRIES:
        raise FileError(f"This .pt file has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.", CHOOSE)
    declared = sum(entry.file_size for entry in entries)
    if declared > size or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise FileError(
            f"This .pt file would unpack to {declared:,} bytes from {size:,}: gradviz reads nothing compressed.", CHOOSE
        )
    return _loaded(data)


def _loaded(data: bytes) -> Weights:
    import pickle

    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a pickle protocol that is not torch's own: it is read or refused
            found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, LookupError, RuntimeError, ValueError, EOFError, TypeError, AttributeError):
        cause = "This .pt file holds more than tensors, or is damaged: nothing of it was run."
        raise FileError(cause, CHOOSE) from None
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not found:
        raise FileError("This .pt file holds no state_dict.", "Save it with torch.save(model.state_dict(), path).")
    weights: Weights = {}
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor) or value.is_sparse:
            raise FileError(f"The entry {str(name)[:60]!r} of this .pt file is not a plain tensor.", CHOOSE)
        plain = value.detach().to(torch.float32) if value.dtype in (torch.float16, torch.bfloat16) else value.detach()
        weights[name] = plain.contiguous().numpy().copy()
    return weights
