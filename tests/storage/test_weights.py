"""Weights by themselves: round trips, what PyTorch itself makes of them, and files that are none or mean harm."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from gradviz.core.runs.result import LaneResult, RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.weights import PickleNotAllowedError, load_weights, save_weights, weights_of
from gradviz.storage.problems import FileError

MODEL = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
WEIGHTS = {name: value.detach().numpy() for name, value in MODEL.state_dict().items()}


@pytest.mark.parametrize("ending", ["safetensors", "pt", "PTH"])
def test_weights_survive_bit_for_bit(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"权重.{ending}"
    save_weights(path, WEIGHTS)
    found = load_weights(path, allow_pickle=True)
    assert set(found) == set(WEIGHTS)
    for name, value in WEIGHTS.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


def test_pytorch_loads_what_is_written_and_the_other_way_round(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.pt", WEIGHTS)
    other = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    other.load_state_dict(torch.load(tmp_path / "a.pt", weights_only=True))
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), MODEL.parameters(), strict=True))
    torch.save({"state_dict": MODEL.half().state_dict(), "epoch": 3}, tmp_path / "b.pt")
    MODEL.float()
    found = load_weights(tmp_path / "b.pt", allow_pickle=True)
    assert found["0.weight"].dtype == np.float32
    np.testing.assert_allclose(found["0.weight"], WEIGHTS["0.weight"], atol=1e-3)


def test_the_weights_of_one_optimiser() -> None:
    lanes = (LaneResult({"w": np.ones(2)}, {"w": {"step": np.ones(())}}), LaneResult({"w": np.zeros(2)}))
    result = RunResult(RunState.PAUSED, 3, "cpu", {}, (), lanes)
    assert list(weights_of(result)) == ["w"]
    assert weights_of(result, 1)["w"].sum() == 0


def test_a_pickle_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.pt", WEIGHTS)
    with pytest.raises(PickleNotAllowedError, match="unless you allow it"):
        load_weights(tmp_path / "a.pt")


class Evil:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("evil-was-here"),)


def archive(path: Path, method: int, pickled: bytes, extra: bytes = b"") -> None:
    with zipfile.ZipFile(path, "w", method) as made:
        made.writestr("archive/data.pkl", pickled)
        made.writestr("archive/version", "3\n")
        if extra:
            made.writestr("archive/data/0", extra)


def test_an_evil_pickle_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive(tmp_path / "evil.pt", zipfile.ZIP_STORED, pickle.dumps(Evil()))
    with pytest.raises(FileError, match="nothing of it was run"):
        load_weights(tmp_path / "evil.pt", allow_pickle=True)
    torch.save(Evil(), tmp_path / "evil2.pt")
    with pytest.raises(FileError, match="nothing of it was run"):
        load_weights(tmp_path / "evil2.pt", allow_pickle=True)
    assert not (tmp_path / "evil-was-here").exists()


def test_a_bomb_is_refused_by_its_declared_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    archive(path, zipfile.ZIP_DEFLATED, b"x", bytes(2**26))
    assert path.stat().st_size < 2**20
    with pytest.raises(FileError, match="nothing compressed"):
        load_weights(path, allow_pickle=True)


@pytest.mark.parametrize("value", [[1, 2], {}, {"a": 3}, {3: torch.ones(1)}, torch.ones(2)])
def test_what_is_no_state_dict_is_named(tmp_path: Path, value: Any) -> None:
    torch.save(value, tmp_path / "a.pt")
    with pytest.raises(FileError) as caught:
        load_weights(tmp_path / "a.pt", allow_pickle=True)
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize("name", ["a.npz", "a", "a.gradviz"])
def test_an_unknown_ending_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError, match="kind of weights"):
        save_weights(tmp_path / name, WEIGHTS)
    assert not list(tmp_path.iterdir())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), ending=st.sampled_from(["safetensors", "pt"]))
def test_damaged_files_raise_nothing_but_a_sentence(tmp_path: Path, data: st.DataObject, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    save_weights(path, WEIGHTS)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]) if data.draw(st.booleans()) else bytes(raw))
    before = path.read_bytes()
    message = ""
    try:
        load_weights(path, allow_pickle=True)
    except FileError as error:
        message = str(error)
    assert len(message) <= 300
    assert path.read_bytes() == before


LARGE = torch.zeros(1000, 10)
TENSOR = torch.arange(6.0).reshape(2, 3)
TAKEN = {
    "a parameter": nn.Parameter(TENSOR),
    "a transposed view": TENSOR.t(),
    "a part of its storage": TENSOR[1:],
    "a column": TENSOR[:, 1],
    "bfloat16": TENSOR.bfloat16(),
    "whole numbers": TENSOR.long(),
    "no numbers": torch.empty(0, 3),
    "one number": torch.tensor(2.5),
    "an imaginary part": torch.view_as_complex(TENSOR.reshape(3, 2)).conj().imag,
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_state_dict_is_read_without_torch_as_torch_reads_it(tmp_path: Path, kind: str) -> None:
    torch.save({"w": TAKEN[kind]}, tmp_path / "a.pt")
    found = load_weights(tmp_path / "a.pt", allow_pickle=True)["w"]
    wanted = TAKEN[kind].detach().resolve_neg()
    wanted = wanted.float() if kind == "bfloat16" else wanted
    np.testing.assert_array_equal(found, wanted.numpy())
    assert found.dtype == wanted.numpy().dtype


def test_tensors_that_share_their_numbers_are_read_once(tmp_path: Path) -> None:
    shared = torch.randn(100, 100)
    torch.save({f"w{k}": shared for k in range(50)}, tmp_path / "a.pt")
    found = load_weights(tmp_path / "a.pt", allow_pickle=True)
    assert len({value.ctypes.data for value in found.values()}) == 1


ODD = {
    "complex": lambda: torch.randn(3, dtype=torch.complex64).conj(),
    "bool": lambda: torch.ones(3, dtype=torch.bool),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "nested": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    "nested, jagged": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    "sparse, by rows": lambda: torch.eye(3).to_sparse_csr(),
    "quantised": lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    "without numbers": lambda: torch.empty(10**9, device="meta"),
    "of a dtype that gradviz does not have": lambda: torch.ones(3).to(torch.float8_e4m3fn),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ODD)
def test_a_tensor_that_is_no_weight_is_refused_by_its_kind(tmp_path: Path, kind: str) -> None:
    torch.save({"w": ODD[kind]()}, tmp_path / "a.pt")
    with pytest.raises(FileError, match=f"of this file is {kind.partition(',')[0]}"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)


def test_weights_of_true_and_false_are_refused_in_safetensors_too(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.safetensors", {"w": np.ones(3, dtype=np.bool_)})
    with pytest.raises(FileError, match="is bool"):
        load_weights(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "tensors",
    [
        {"w": torch.zeros(1).expand(10**9)},
        {"w": torch.as_strided(torch.zeros(10_000), (9000, 900), (1, 1))},
        {f"w{k}": LARGE[k:] for k in range(100)},
    ],
    ids=["one number, repeated", "windows that overlap", "many tails of one"],
)
def test_more_numbers_than_are_stored_are_refused_before_they_are_made(
    tmp_path: Path, tensors: dict[str, torch.Tensor]
) -> None:
    torch.save(tensors, tmp_path / "a.pt")
    with pytest.raises(FileError, match="repeats what it holds"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)


def called(name: str, number: int) -> bytes:
    """A pickle of {"w": name(number)}."""
    module, _, function = name.rpartition(".")
    return b"\x80\x02}X\x01\0\0\0wc%s\n%s\n\x8a\x08%s\x85Rs." % (
        module.encode(),
        function.encode(),
        number.to_bytes(8, "little"),
    )


@pytest.mark.parametrize(
    "name", ["builtins.bytearray", "torch.Tensor", "torch.FloatStorage", "torch.storage.UntypedStorage"]
)
def test_a_pickle_makes_nothing_by_its_size(tmp_path: Path, name: str) -> None:
    archive(tmp_path / "a.pt", zipfile.ZIP_STORED, called(name, 10**10))
    with pytest.raises(FileError, match="nothing of it was run"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)


def test_what_was_noted_cannot_be_changed_by_the_pickle(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "good.pt")
    with zipfile.ZipFile(tmp_path / "good.pt") as good, zipfile.ZipFile(tmp_path / "a.pt", "w") as made:
        for entry in good.infolist():
            raw = good.read(entry)
            if entry.filename.endswith("data.pkl"):  # a state for the tensor, before it goes into the dictionary
                place = raw.rindex(b"R") + 1
                raw = raw[:place] + b"N}X\x04\0\0\0sizeK\x09\x85s\x86b" + raw[place:]
            made.writestr(entry.filename, raw)
    with pytest.raises(FileError, match="nothing of it was run"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)


@pytest.mark.parametrize("ending", [b"Ns.", b"N\x93.", b"0(h\0Nd.", b"0\x8f(h\0\x90."])
def test_a_key_that_would_take_for_ever_to_be_hashed_is_refused(tmp_path: Path, ending: bytes) -> None:
    doubled = b"q\0" + b"h\0h\0\x86q\0" * 60  # a tuple of itself twice, sixty times: 2^60 leaves
    archive(tmp_path / "a.pt", zipfile.ZIP_STORED, b"\x80\x02}K\1" + doubled + ending)
    with pytest.raises(FileError, match="nothing of it was run"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)


def test_a_memo_far_away_takes_no_memory(tmp_path: Path) -> None:
    archive(tmp_path / "a.pt", zipfile.ZIP_STORED, b"\x80\x02}r\xff\xff\xff\x7f.")
    with pytest.raises(FileError, match="no state_dict"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)


def test_two_records_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as made:
        made.writestr("archive/data.pkl", b"\x80\x02}.")
        made.writestr("other/data.pkl", b"\x80\x02].")
    with pytest.raises(FileError, match="damaged"):
        load_weights(tmp_path / "a.pt", allow_pickle=True)
