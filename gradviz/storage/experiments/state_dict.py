"""A state_dict as torch saves it, read without torch: what the archive declares is measured before a number is read.

A .pt file is a zip archive with a pickle, which says what there is, and the bytes of every storage beside it. Here the
pickle can call nothing but the few functions below, which only note what is declared.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradviz.storage.experiments.pieces import Pieces
from gradviz.storage.problems import FileError

CHOOSE = "Choose a .safetensors file, or a .pt file with a state_dict."
MAX_ENTRIES = 20_000
MOST_PICKLE_BYTES = 16 * 2**20
MOST_DIMENSIONS = 32
_DAMAGED = "This .pt file is damaged: its archive cannot be read."
_MORE = "This .pt file holds more than tensors, or is damaged: nothing of it was run."
_STORED = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": "u2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
}
_ODD_STORAGES = {
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex",
    "ComplexDoubleStorage": "complex",
    "ComplexHalfStorage": "complex",
    "QInt8Storage": "quantised",
    "QUInt8Storage": "quantised",
    "QInt32Storage": "quantised",
    "QUInt4x2Storage": "quantised",
    "QUInt2x4Storage": "quantised",
}
_ODD_TENSORS = {
    "_rebuild_sparse_tensor": "sparse",
    "_rebuild_sparse_csr_tensor": "sparse",
    "_rebuild_qtensor": "quantised",
    "_rebuild_nested_tensor": "nested",
    "_rebuild_meta_tensor_no_storage": "without numbers (on the meta device)",
    "_rebuild_tensor_v3": "of a dtype that gradviz does not have",
    "_rebuild_wrapper_subclass": "of a class of its own",
    "_rebuild_device_tensor_from_numpy": "of another device",
    "_rebuild_device_tensor_from_cpu_tensor": "of another device",
}


class _Kind(NamedTuple):
    """A class of torch's, named and not callable: what a storage holds, say.

    It is a tuple, like all that is noted here: a pickle can change nothing in it.
    """

    name: str


class _Storage(NamedTuple):
    kind: str
    key: str
    length: int


class _Tensor(NamedTuple):
    """What is declared of a tensor. `odd` is what makes it none that can be taken."""

    storage: _Storage | None = None
    offset: int = 0
    size: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    is_negated: bool = False
    odd: str = ""


class _Function(NamedTuple):
    """A function of torch's by its name, called with what was declared; `odd` is the kind of tensor that it makes."""

    name: str
    odd: str = ""

    def __call__(self, *declared: Any) -> _Tensor | _Names | None:
        """The tensor that it declares."""
        return _Tensor(odd=self.odd) if self.odd else _CALLED[self.name](*declared)


class _Names(dict[Any, Any]):
    """What an OrderedDict of the pickle is here. Only plain keys: a tuple of tuples may take for ever to be hashed."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str | bytes | int | float | None):
            raise pickle.UnpicklingError("no key")
        super().__setitem__(key, value)

    def __setstate__(self, _state: Any) -> None:
        """The versions of a model's modules, which nobody needs."""


def reading_state_dict(data: bytes) -> Pieces[dict[str, NDArray[Any]]]:
    """The tensors of a .pt file by name; FileError where it holds anything else, or more than its own size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            records = _checked_records(archive, len(data))
            declared = _declared(archive.read(records["data.pkl"]))
            yield 0.5
            _check_size(declared, records, len(data))
            order = archive.read(records["byteorder"]) if "byteorder" in records else b"little"
            reader = _Reader(archive, records, ">" if order == b"big" else "<")
            return (yield from reader.arrays(declared))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise FileError(_DAMAGED, CHOOSE) from None


def _checked_records(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """The entries by their names below the archive's folder, none of which is compressed, encrypted or there twice."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise FileError(f"This .pt file has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.", CHOOSE)
    declared = sum(entry.file_size for entry in entries)
    if declared > size or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise FileError(
            f"This .pt file would unpack to {declared:,} bytes from {size:,}: gradviz reads nothing compressed.", CHOOSE
        )
    records = {entry.filename.partition("/")[2]: entry for entry in entries}
    if len(records) < len(entries) or any(entry.flag_bits & 1 for entry in entries):
        raise FileError(_DAMAGED, CHOOSE)
    if "data.pkl" not in records or records["data.pkl"].file_size > MOST_PICKLE_BYTES:
        raise FileError("This .pt file holds no state_dict.", "Save it with torch.save(model.state_dict(), path).")
    return records


def _declared(raw: bytes) -> dict[str, _Tensor]:
    """The tensors that the pickle declares, by name."""
    reader = _Declarations(io.BytesIO(raw))
    try:
        found = reader.load()
    except (pickle.UnpicklingError, LookupError, RuntimeError, ValueError, EOFError, TypeError, AttributeError):
        raise FileError(_odd_cause("A tensor", reader.odd) if reader.odd else _MORE, CHOOSE) from None
    except (OverflowError, MemoryError):
        raise FileError(_DAMAGED, CHOOSE) from None
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not found:
        raise FileError("This .pt file holds no state_dict.", "Save it with torch.save(model.state_dict(), path).")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, _Tensor):
            raise FileError(f"The entry {str(name)[:60]!r} of this .pt file is not a plain tensor.", CHOOSE)
        if value.odd:
            raise odd_tensor(name, value.odd)
    return dict(found)


def odd_tensor(name: str, kind: str) -> FileError:
    """The refusal of a tensor that no weight can be, by its kind."""
    return FileError(_odd_cause(f"The tensor {name[:60]!r}", kind), CHOOSE)


def _odd_cause(which: str, kind: str) -> str:
    return f"{which} of this file is {kind}: weights are plain tensors of real numbers."


def _check_size(declared: Mapping[str, _Tensor], records: Mapping[str, zipfile.ZipInfo], size: int) -> None:
    """FileError where a tensor has more numbers than its storage, or all of them more bytes than the file.

    A tensor of one number that is repeated a billion times takes no place in a file, and all of it in memory.
    """
    total = 0
    for name, tensor in declared.items():
        storage, made = tensor.storage, math.prod(tensor.size)
        assert storage is not None
        stored = records.get(f"data/{storage.key}")
        item = np.dtype(_STORED[storage.kind]).itemsize
        last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.size, tensor.stride, strict=True))
        if stored is None or stored.file_size < storage.length * item or (made and last >= storage.length):
            raise FileError(f"The tensor {name[:60]!r} of this .pt file lies outside of its bytes.", CHOOSE)
        if made > storage.length:
            raise _too_large(name, made * item, stored.file_size)
    for tensor in set(declared.values()):
        total += math.prod(tensor.size) * np.dtype(_STORED[tensor.storage.kind]).itemsize if tensor.storage else 0
    if total > size:
        raise _too_large(next(iter(declared)), total, size, "and those after it declare")


def _too_large(name: str, declared: int, stored: int, verb: str = "declares") -> FileError:
    cause = f"The tensor {name[:60]!r} {verb} {declared:,} bytes, and {stored:,} are stored: it repeats what it holds."
    return FileError(cause, "Save it with .contiguous(), or choose another file.")


class _Reader:
    """Takes arrays out of an archive, each once, whatever names it has."""

    def __init__(self, archive: zipfile.ZipFile, records: Mapping[str, zipfile.ZipInfo], order: str) -> None:
        self._archive, self._records, self._order = archive, records, order
        self._storages: dict[_Storage, NDArray[Any]] = {}
        self._arrays: dict[_Tensor, NDArray[Any]] = {}

    def arrays(self, declared: Mapping[str, _Tensor]) -> Pieces[dict[str, NDArray[Any]]]:
        """All that is declared, by name."""
        found = {}
        for number, (name, tensor) in enumerate(declared.items(), 1):
            found[name] = self._array(tensor)
            yield 0.5 + 0.5 * number / len(declared)
        return found

    def _array(self, tensor: _Tensor) -> NDArray[Any]:
        if tensor not in self._arrays:
            assert tensor.storage is not None
            numbers = self._storage(tensor.storage)
            steps = tuple(step * numbers.itemsize for step in tensor.stride)
            view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.size, steps, writeable=False)
            plain = _as_floats(view, tensor.storage.kind)
            self._arrays[tensor] = -plain if tensor.is_negated else plain
        return self._arrays[tensor]

    def _storage(self, storage: _Storage) -> NDArray[Any]:
        if storage not in self._storages:
            raw = self._archive.read(self._records[f"data/{storage.key}"])
            kind = _STORED[storage.kind]
            numbers = np.frombuffer(raw, np.dtype(self._order + kind), storage.length)
            self._storages[storage] = numbers.astype(np.dtype(kind), copy=False)
        return self._storages[storage]


def _as_floats(view: NDArray[Any], kind: str) -> NDArray[Any]:
    """Half precisions as float32, which numpy and the files of gradviz have; everything in one piece."""
    if kind == "BFloat16Storage":
        return (view.astype(np.uint32) << 16).view(np.float32)
    return view.astype(np.float32) if kind == "HalfStorage" else np.array(view, order="C")


class _Declarations(pickle._Unpickler):  # noqa: SLF001 - the one in C grows as a pickle says, whatever its size
    """Python's own reader, in Python: its memory grows with the file alone, and it calls what is given here."""

    odd = ""
    """The first kind of tensor that it came across and that no weight can be."""

    def find_class(self, module: str, name: str) -> Any:
        """One of the few things that a state_dict is made of; anything that is not torch's ends the reading."""
        if (module, name) == ("collections", "OrderedDict"):
            return _Function("OrderedDict")
        if (module, name) in (("torch", "Size"), ("builtins", "set"), ("__builtin__", "set")):
            return tuple
        if module.startswith("torch") and name in _CALLED:
            return _Function(name)
        if module == "torch" and (name.endswith("Storage") or name.islower()):  # a dtype is in lower case
            return _Kind(name)
        if module.startswith("torch") and name in ("Tensor", "Parameter", "Buffer", "UntypedStorage"):
            return _Kind(name)
        if module.startswith("torch."):
            is_nested = module.startswith("torch.nested")
            kind = "nested" if is_nested else _ODD_TENSORS.get(name, "of a class of its own")
            self.odd = self.odd or kind
            return _Function(name, kind)
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage: its kind, its record and how many numbers it has."""
        tag, kind, key, _location, count = pid
        is_count = type(count) is int and count >= 0
        if tag != "storage" or not isinstance(kind, _Kind) or not isinstance(key, str) or not is_count:
            raise pickle.UnpicklingError("no storage")
        return _Storage(kind.name, key, count)

    def load_empty_dictionary(self) -> None:
        """``}``"""
        self.append(_Names())  # type: ignore[attr-defined]

    def load_no_set(self) -> None:
        """A set, or a dictionary in one piece: no state_dict has one, and what is hashed there is not looked at."""
        raise pickle.UnpicklingError("a set")

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch,  # noqa: SLF001
        pickle.EMPTY_DICT[0]: load_empty_dictionary,
        **dict.fromkeys((pickle.DICT[0], pickle.EMPTY_SET[0], pickle.FROZENSET[0]), load_no_set),
    }


def _rebuilt(*declared: Any) -> _Tensor:
    """``torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)``."""
    storage, offset, size, stride = declared[:4]
    metadata = declared[6] if len(declared) > 6 and isinstance(declared[6], dict) else {}
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("no storage")
    if storage.kind not in _STORED:
        return _Tensor(odd=_ODD_STORAGES.get(storage.kind, "of a dtype that gradviz does not have"))
    counts = (offset, *size, *stride)
    if not all(type(count) is int and 0 <= count < 2**60 for count in counts) or len(size) != len(stride):
        raise pickle.UnpicklingError("no shape")
    if len(size) > MOST_DIMENSIONS:
        raise pickle.UnpicklingError("too many dimensions")
    odd = "conjugated" if metadata.get("conj") else ""
    return _Tensor(storage, offset, tuple(size), tuple(stride), bool(metadata.get("neg")), odd)


def _wrapped(*declared: Any) -> _Tensor:
    """``_rebuild_parameter(tensor, requires_grad, hooks)``, with or without a state."""
    if not isinstance(declared[0], _Tensor):
        raise pickle.UnpicklingError("no tensor")
    return declared[0]


def _typed(*declared: Any) -> _Tensor:
    """``torch._tensor._rebuild_from_type_v2(function, type, arguments, state)``: of a class that is torch's own."""
    function, kind, arguments = declared[:3]
    made = function(*arguments) if isinstance(function, _Function) else None
    if not isinstance(made, _Tensor):
        raise pickle.UnpicklingError("no tensor")
    is_plain = isinstance(kind, _Kind) and kind.name in ("Tensor", "Parameter", "Buffer")
    return made if is_plain or made.odd else made._replace(odd="of a class of its own")


def _ignored(*_declared: Any) -> None:
    """A device or a layout, which no plain tensor asks for."""


def _ordered(*declared: Any) -> _Names:
    """``OrderedDict()``, which is filled afterwards."""
    if declared:
        raise pickle.UnpicklingError("a filled dictionary")
    return _Names()


_CALLED: dict[str, Callable[..., _Tensor | _Names | None]] = {
    "OrderedDict": _ordered,
    "device": _ignored,
    "_get_layout": _ignored,
    "_rebuild_tensor": _rebuilt,
    "_rebuild_tensor_v2": _rebuilt,
    "_rebuild_parameter": _wrapped,
    "_rebuild_parameter_with_state": _wrapped,
    "_rebuild_from_type_v2": _typed,
}
