"""Faults 9-14 and 18: what is no experiment is refused by name, before anything large is touched."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import pickle
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.core.document.experiment import FORMAT_VERSION, Experiment
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import LaneResult, LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments import header as header_module
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.storage.experiments.header import MAX_TENSORS, read_header
from gradviz.storage.experiments.result_tensors import tensors_of
from gradviz.storage.problems import FileError

MakeFile = Callable[..., Path]


def refusal(path: Path) -> str:
    """The message with which both the header and the whole file are refused."""
    with pytest.raises(FileError) as caught:
        load(path)
    message = str(caught.value)
    assert len(message) <= 300
    assert message == message.strip()
    assert "\n" not in message
    assert caught.value.next_step
    return message


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_a_good_header_is_read_as_it_was_saved(tmp_path: Path, experiment: Experiment, result: RunResult) -> None:
    path = tmp_path / "good.gradviz"
    save(path, experiment, result)
    header = read_header(path)
    assert {name: value.shape for name, value in header.tensors.items()} == {
        name: value.shape for name, value in tensors_of(result).items()
    }
    last = max(value.end for value in header.tensors.values())
    assert header.data_start + last == path.stat().st_size
    assert json.loads(header.metadata["gradviz"])["format"] == FORMAT_VERSION


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"x" * 1000)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n <!DOCTYPE html>\n<html lang=en>", "HTML page"),
        (b"<HTML><body>", "HTML page"),
        (b"<!doctype html><title>Not found</title>", "HTML page"),
        (b'<?xml version="1.0"?><html>', "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "JPEG picture"),
        (b"%PDF-1.7\n" + bytes(40), "PDF document"),
        (pickle.dumps({"a": 1}, protocol=2), "no pickles"),
        (pickle.dumps({"a": 1}, protocol=4), "no pickles"),
        (gzip.compress(b"x" * 100, mtime=0), "nothing compressed"),
    ],
)
def test_a_foreign_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "renamed.gradviz"
    path.write_bytes(content)
    message = refusal(path)
    assert words in message
    assert "not a gradviz file" in message


def test_an_archive_or_checkpoint_is_refused_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    _zip(path)
    message = refusal(path)
    assert "zip" in message
    assert "no pickles and nothing compressed" in message


@pytest.mark.parametrize("content", [b"?", b"hello world", bytes(100), b"\x93NUMPY" + bytes(20), b"{}", b"[1, 2]"])
def test_any_other_file_is_not_a_gradviz_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.gradviz"
    path.write_bytes(content)
    assert "not a gradviz file" in refusal(path)


def test_every_truncation_is_refused(tmp_path: Path, experiment: Experiment, result: RunResult) -> None:
    path = tmp_path / "whole.gradviz"
    save(path, experiment, result)
    whole = path.read_bytes()
    for length in [*range(0, 64), len(whole) // 2, len(whole) - 9, len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert "not a gradviz file" in refusal(path), length


def test_a_length_that_begins_like_another_format_is_still_opened(tmp_path: Path, experiment: Experiment) -> None:
    """The first byte of a length may be that of a pickle (0x80), of gzip (0x1f 0x8b) or of a brace (0x7b)."""
    path = tmp_path / "good.gradviz"
    save(path, experiment, None)
    raw = path.read_bytes()[8:]
    for length in (0x0480, 0x8B1F, 0x067B, 0x7B20, 0x3C3C):
        path.write_bytes(length.to_bytes(8, "little") + raw.ljust(length))
        assert load(path).experiment == experiment


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 99 * 10**6, 8 * 2**20 + 1])
def test_an_immense_header_is_refused_unread(tmp_path: Path, length: int) -> None:
    path = tmp_path / "immense.gradviz"
    path.write_bytes(length.to_bytes(8, "little") + b'{"a":')
    os.truncate(path, 120 * 10**6)
    tracemalloc.start()
    started = time.thread_time()
    message = refusal(path)
    elapsed_s = time.thread_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert f"{length:,}" in message
    assert elapsed_s < 0.2
    assert peak < 10 * 2**20


def test_too_many_tensors_are_refused_uncounted(safetensors_file: MakeFile) -> None:
    # header length as large as allowed: here the count decides, not the length
    entries = ",".join(f'"{index:x}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for index in range(120_000))
    path = safetensors_file("{" + entries + "}")
    assert path.stat().st_size < header_module.MAX_HEADER_BYTES
    started = time.thread_time()
    assert f"more than {MAX_TENSORS:,} tensors" in refusal(path)
    assert time.thread_time() - started < 1.0


def test_tensors_are_counted_in_disguise_too(safetensors_file: MakeFile) -> None:
    entry_text = '{"dtype":"U8","shape":[0],"\\u0064ata_offsets":[0,0]}'
    path = safetensors_file("{" + ",".join(f'"{index}":{entry_text}' for index in range(MAX_TENSORS + 1)) + "}")
    assert f"more than {MAX_TENSORS:,} tensors" in refusal(path)


def test_200_000_tensors_are_refused_at_once(safetensors_file: MakeFile) -> None:
    path = safetensors_file({f"tensor{index}": entry([0], 0, 0) for index in range(200_000)})
    started = time.thread_time()
    refusal(path)
    assert time.thread_time() - started < 1.0


@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_deep_json_is_refused(safetensors_file: MakeFile, brackets: str) -> None:
    opening, closing = brackets[:-1], brackets[-1]
    path = safetensors_file('{"a":' + opening * 100_000 + "1" + closing * 100_000 + "}")
    started = time.thread_time()
    assert "deeper" in refusal(path)
    assert time.thread_time() - started < 1.0


def test_a_duplicate_tensor_is_refused(safetensors_file: MakeFile) -> None:
    one = json.dumps(entry([1], 0, 4))
    assert "'w' appears twice" in refusal(safetensors_file('{"w":' + one + ',"w":' + one + "}", 4))


def test_a_duplicate_key_inside_an_entry_is_refused(safetensors_file: MakeFile) -> None:
    text = '{"w":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}}'
    assert "'dtype' appears twice" in refusal(safetensors_file(text, 8))


@pytest.mark.parametrize(
    ("header", "data_bytes", "words"),
    [
        ({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, 12, "overlaps"),
        ({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, 4, "overlaps"),
        ({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, 12, "hole"),
        ({"a": entry([1], 4, 8)}, 8, "hole"),
        ({"a": entry([3], 0, 8)}, 8, "size"),
        ({"a": entry([2**40, 2**40], 0, 8)}, 8, "size"),
        ({"a": entry([2**32, 2**32], 0, 0)}, 0, "size"),
        ({"a": entry([2**40, 2**40], 0, 2**82)}, 8, "missing"),
        ({"a": entry([1], 8, 4)}, 8, "size"),
        ({"a": entry([-1, -1], 0, 4)}, 4, "shape"),
        ({"a": entry([True], 0, 4)}, 4, "shape"),
        ({"a": entry([1] * 17, 0, 4)}, 4, "shape"),
        ({"a": entry([1], 0, 2, "F16")}, 2, "dtype"),
        ({"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}, 4, "dtype"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "x": 1}}, 4, "exactly"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}, 4, "offsets"),
        ({"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}}, 4, "shape"),
        ({"a": 1}, 4, "exactly"),
        ({"a" * 201: entry([1], 0, 4)}, 4, "200"),
        ({"a": entry([1], 0, 4)}, 5, "after its last tensor"),
        ({"__metadata__": {"gradviz": 1}}, 0, "metadata"),
        ({"__metadata__": []}, 0, "metadata"),
        ({}, 0, "holds no experiment"),
    ],
)
def test_a_wrong_header_is_refused(safetensors_file: MakeFile, header: Any, data_bytes: int, words: str) -> None:
    assert words in refusal(safetensors_file(header, data_bytes))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "1e999", "-Infinity"])
def test_constants_that_are_no_numbers_are_refused(safetensors_file: MakeFile, constant: str) -> None:
    text = '{"w":{"dtype":"F32","shape":[' + constant + '],"data_offsets":[0,4]}}'
    assert "shape" in refusal(safetensors_file(text, 4))


def test_a_wrong_shape_allocates_nothing(safetensors_file: MakeFile) -> None:
    path = safetensors_file({"a": entry([2**20, 2**20], 0, 2**42)}, 8)
    tracemalloc.start()
    refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 2**20


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gradviz")
    assert "no such file" in refusal(tmp_path / "missing.gradviz")
    assert "folder" in refusal(tmp_path)
    assert "device" in refusal(tmp_path / "pipe.gradviz")
    assert "name" in refusal(tmp_path / "nul\0.gradviz")
    assert "too long" in refusal(tmp_path / ("x" * 300))


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=200))
def test_random_bytes_are_refused_with_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("random") / "random.gradviz"
    path.write_bytes(content)
    refusal(path)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_damaged_file_opens_or_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any flip of bits and any cut of a good file ends in an experiment or in a FileError."""
    path = tmp_path_factory.mktemp("damaged") / "damaged.gradviz"
    lanes, history = (LaneResult({"x": np.ones(3)}),), RecordBlock(0, np.ones((2, 1)), np.empty((2, 1, 0)))
    edits = (LiveEdit(0, Experiment().optimizers),)
    save(path, Experiment(), RunResult(RunState.PAUSED, 1, "cpu", {}, edits, lanes, history=history))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    # anything but a FileError comes through and fails the test
    with contextlib.suppress(FileError):
        assert isinstance(load(path).experiment, Experiment)
