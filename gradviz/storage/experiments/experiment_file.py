"""Experiment files: a document as JSON, alone (.json) or in a safetensors file with its run (.gradviz)."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document, document_from_data, document_of
from gradviz.core.document.experiment import FORMAT_VERSION, Experiment, to_data
from gradviz.core.document.lesson import Lesson
from gradviz.core.runs.result import RunResult
from gradviz.storage.atomic_write import check_name, write_bytes
from gradviz.storage.experiments import data_tensors, strict_json
from gradviz.storage.experiments.header import header_of, is_json, open_regular, reading_header
from gradviz.storage.experiments.migrations import migrate
from gradviz.storage.experiments.misfits import MisfitError
from gradviz.storage.experiments.pieces import Pieces, in_one
from gradviz.storage.experiments.result_tensors import Tensors, tensors_of
from gradviz.storage.experiments.run_section import RunSection, reading_result, run_data, without_unknown
from gradviz.storage.experiments.tensor_bytes import reading_tensors
from gradviz.storage.foreign_files import CHOOSE, SNIFFED_BYTES
from gradviz.storage.problems import FileError, NewerFormatError, cause_of

METADATA_KEY = "gradviz"
STORED_DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")
NOT_FINITE = "Some weights of this file are not finite, so it cannot run on; Reset starts again."

__all__ = ["FileError", "MisfitError", "NewerFormatError", "SavedExperiment", "load", "loading", "save"]


@dataclass(frozen=True)
class SavedExperiment:
    """What a file holds. `notice` is a sentence for the user, empty where there is nothing to say."""

    document: Document
    result: RunResult | None
    read_only: bool = False
    notice: str = ""

    @property
    def experiment(self) -> Experiment:
        """What of the document can be run."""
        return self.document.experiment


def save(path: Path, given: Document | Experiment, result: RunResult | None) -> None:
    """Write a document, or an experiment without a lesson, with its run; to a path that ends in .json without it.

    What `load` would refuse is refused here, before the old file is touched.
    """
    check_name(path)
    try:
        document = document_from_data(to_data(document_of(given)))
    except SettingError as error:
        raise FileError(f"The file was not saved. A setting is wrong: {error}.", "Correct it, then save.") from None
    is_plain = path.suffix.lower() == ".json"
    write_bytes(path, _plain_json(document) if is_plain else _safetensors(document, result))


def load(path: Path, newer_read_only: bool = False, without_run: bool = False) -> SavedExperiment:
    """Read a file; opening never runs anything.

    A newer format raises NewerFormatError; with `newer_read_only` it is opened as far as this version
    understands it. A result that does not fit its experiment raises MisfitError; `without_run` leaves every result
    where it is. Arrays of the result are read-only.
    """
    return in_one(loading(path, newer_read_only, without_run))


def loading(path: Path, newer_read_only: bool = False, without_run: bool = False) -> Pieces[SavedExperiment]:
    """The same in pieces of some milliseconds, each of which yields the share that is done: for a window that waits."""
    with open_regular(path) as stream:
        try:
            content, tensors = yield from _parts(stream, os.fstat(stream.fileno()).st_size)
            return (yield from _saved_experiment(content, tensors, newer_read_only, without_run))
        except OSError as error:
            raise FileError(f"The file cannot be read. {cause_of(error)}", CHOOSE) from error
        except MemoryError:
            raise FileError("The file needs more memory than this machine has.", "Use a larger machine.") from None


def _plain_json(document: Document) -> bytes:
    data_tensors.refuse_large(document.experiment)
    text = json.dumps({"format": FORMAT_VERSION, **to_data(document)}, indent=2, ensure_ascii=False)
    data = f"{text}\n".encode()
    if len(data) > strict_json.MAX_BYTES:
        raise FileError("The file was not saved. The experiment is too long.", "Shorten its texts or tensors.")
    return data


def _safetensors(document: Document, result: RunResult | None) -> bytes:
    run = None if result is None else run_data(result)
    content = {"format": FORMAT_VERSION, **to_data(document), "run": run}
    tensors = {} if result is None else {name: _stored(name, value) for name, value in tensors_of(result).items()}
    _check_result(run, document.experiment, tensors)
    tensors |= data_tensors.tensors_of(document.experiment)
    data = safetensors.numpy.save(tensors, {METADATA_KEY: json.dumps(content)})
    header_of(io.BytesIO(data), len(data))
    return data


def _stored(name: str, value: NDArray[Any]) -> NDArray[Any]:
    """The array in one piece, as safetensors asks without checking."""
    if value.dtype.name not in STORED_DTYPES:
        raise FileError(f"The file was not saved. Tensor {name[:60]!r} is of {value.dtype.name}.", "Reset, then save.")
    return np.asarray(value, order="C")


def _parts(stream: BinaryIO, size: int) -> Pieces[tuple[Any, Tensors]]:
    """What stands in the file as plain data, and the tensors."""
    first = stream.read(SNIFFED_BYTES)
    stream.seek(0)
    if is_json(first):
        text = stream.read(strict_json.MAX_BYTES + 1)
        yield 0.1
        return (yield from strict_json.parsing(text, 0.1, 0.5)), {}
    header = yield from reading_header(stream, size, 0.0, 0.2)
    if METADATA_KEY not in header.metadata:
        raise FileError("This safetensors file is not a gradviz file: it holds no experiment.", CHOOSE)
    content = yield from strict_json.parsing(header.metadata[METADATA_KEY], 0.2, 0.3)
    return content, (yield from reading_tensors(stream, header, 0.3, 0.7))


def _saved_experiment(
    content: Any, tensors: Tensors, newer_read_only: bool, without_run: bool
) -> Pieces[SavedExperiment]:
    version = _version(content)
    is_newer = version > FORMAT_VERSION and newer_read_only
    data, tensors = data_tensors.split(tensors)
    # held until the experiment has them: only by their digests does it find them
    tables = data_tensors.tables_from(content["experiment"], data, may_be_unknown=is_newer)
    yield 0.75
    content = _understood(content) if is_newer else migrate(content, version)
    unknown = set(content) - {"format", "lesson", "experiment", "run"}
    if unknown:
        raise FileError(f"The file has an unknown section {min(unknown)[:60]!r} (format version {version}).", CHOOSE)
    yield 0.8
    document = _document(content, version)
    del tables
    yield 0.9
    result = None
    if not without_run:
        result = yield from _result(content.get("run"), document.experiment, tensors, is_newer)
    notices = [_newer_notice(version)] if is_newer else []
    if result is not None and not result.finite:
        notices.append(NOT_FINITE)
    return SavedExperiment(document, result, is_newer, " ".join(notices))


def _version(content: Any) -> int:
    if not isinstance(content, dict) or "format" not in content or "experiment" not in content:
        raise FileError('This is not a gradviz file: it needs "format" and "experiment".', CHOOSE)
    version = content["format"]
    if type(version) is not int or version < 1:
        raise FileError("format: must be a whole number of at least 1.", CHOOSE)
    return version


def _understood(content: dict[str, Any]) -> dict[str, Any]:
    """What stands in a file of a newer format without what this version does not know."""
    run = content.get("run")
    if isinstance(run, dict):
        run = without_unknown(RunSection, run)
    return {
        "lesson": without_unknown(Lesson, content.get("lesson", {})),
        "experiment": without_unknown(Experiment, content["experiment"]),
        "run": run,
    }


def _newer_notice(version: int) -> str:
    return (
        f"This file has format version {version}, newer than {FORMAT_VERSION}: it is read-only, and settings "
        "that this gradviz does not know are left out."
    )


def _document(content: dict[str, Any], version: int) -> Document:
    try:
        return document_from_data(content)
    except SettingError as error:
        raise FileError(
            f"A setting of this file (format version {version}) cannot be used: {error}.",
            "Correct it in the file, or update gradviz.",
        ) from None


def _result(
    run: Any, experiment: Experiment, tensors: Tensors, may_be_unknown: bool = False
) -> Pieces[RunResult | None]:
    if run is not None:
        return (yield from reading_result(run, experiment, tensors, may_be_unknown))
    if tensors:
        raise MisfitError("it has tensors but no record of the run that made them")
    return None


def _check_result(run: Any, experiment: Experiment, tensors: Tensors) -> None:
    """FileError where `load` would refuse the result."""
    try:
        in_one(_result(run, experiment, tensors))
    except MisfitError as error:
        raise FileError(f"The file was not saved: {error.clause}.", "Reset, then save.") from None
