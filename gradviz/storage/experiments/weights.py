"""Weights by themselves: as safetensors, or as a state_dict that torch.load reads (.pt).

A .pt file is a pickle inside a zip archive. It is read only where the caller allows it, and then by `state_dict`:
without torch, and only what is a plain tensor, so that the size of the file bounds what it takes in memory.
"""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from gradviz.core.runs.result import RunResult
from gradviz.storage.atomic_write import check_name, write_bytes
from gradviz.storage.experiments.header import open_regular, reading_header
from gradviz.storage.experiments.pieces import Pieces, in_one
from gradviz.storage.experiments.state_dict import CHOOSE, odd_tensor, reading_state_dict
from gradviz.storage.experiments.tensor_bytes import reading_tensors
from gradviz.storage.problems import FileError, cause_of

Weights = dict[str, NDArray[Any]]
SUFFIXES = (".safetensors", ".pt", ".pth")


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
    """Write `weights` as the ending of `path` asks for, with what is said `about` them, by its name.

    It stands in the metadata of a .safetensors file; a .pt file has it where modules leave their versions, in
    ``torch.load(path)._metadata``, which ``load_state_dict`` passes over.
    """
    check_target(path)
    suffix = path.suffix.lower()
    arrays = {name: np.asarray(value, order="C") for name, value in weights.items()}
    is_plain = suffix == ".safetensors"
    told = dict(about or {})
    write_bytes(path, safetensors.numpy.save(arrays, told or None) if is_plain else _state_dict(arrays, told))


def load_weights(path: Path, allow_pickle: bool = False) -> Weights:
    """Read weights by name; PickleNotAllowedError for a .pt file unless `allow_pickle`."""
    return in_one(loading_weights(path, allow_pickle))


def loading_weights(path: Path, allow_pickle: bool = False) -> Pieces[Weights]:
    """The same in pieces, for a window that waits."""
    try:
        return (yield from _reading(path, allow_pickle))
    except PickleNotAllowedError:
        raise
    except FileError as error:
        raise FileError(error.cause.replace("a gradviz file", "a file of weights"), error.next_step) from None


def _reading(path: Path, allow_pickle: bool) -> Pieces[Weights]:
    with open_regular(path) as stream:
        try:
            size = os.fstat(stream.fileno()).st_size
            first = stream.read(4)
            stream.seek(0)
            if not first.startswith(b"PK"):
                return (yield from _safetensors(stream, size))
            if not allow_pickle:
                raise PickleNotAllowedError("This is a .pt file, a pickle: gradviz reads none unless you allow it.")
            data = stream.read()
            yield 0.2
            return (yield from reading_state_dict(data))
        except OSError as error:
            raise FileError(f"The file cannot be read. {cause_of(error)}", CHOOSE) from error
        except MemoryError:
            raise FileError("The file needs more memory than this machine has.", "Use a larger machine.") from None


def _safetensors(stream: BinaryIO, size: int) -> Pieces[Weights]:
    header = yield from reading_header(stream, size, 0.0, 0.2)
    for name, entry in header.tensors.items():
        if entry.dtype == "BOOL":
            raise odd_tensor(name, "bool")
    return (yield from reading_tensors(stream, header, 0.2, 1.0))


def _state_dict(weights: Weights, about: dict[str, str]) -> bytes:
    import torch

    state = OrderedDict((name, torch.from_numpy(value)) for name, value in weights.items())
    if about:
        state._metadata = OrderedDict(about)  # type: ignore[attr-defined]  # noqa: SLF001 - torch's name for it
    buffer = io.BytesIO()
    torch.save(state if about else dict(state), buffer)
    return buffer.getvalue()
