"""Faults 13, 15-17, 20 and 24, and the round trip of everything that an experiment can hold."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from fits import fit_with
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import BaseModel

from gradviz.core.data.batches import BATCHES
from gradviz.core.data.catalogue import DATASETS
from gradviz.core.declaration import alternatives
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import FORMAT_VERSION, Experiment, to_data
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.initialisations import INITIALISATIONS
from gradviz.core.objectives.catalogue import OBJECTIVES, FitObjective, TestFunctionObjective
from gradviz.core.objectives.losses import LOSSES
from gradviz.core.objectives.test_functions import AnyTestFunction
from gradviz.core.optimizers.catalogue import OPTIMIZERS
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import KeptList, LaneResult, LiveEdit, RunResult, ScheduleNumbers
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments import migrations
from gradviz.storage.experiments.experiment_file import NewerFormatError, load, save
from gradviz.storage.problems import FileError

JsonFile = Callable[[str], Path]


def refusal(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        load(path)
    assert len(str(caught.value)) <= 300
    return str(caught.value)


def assert_same(loaded: RunResult | None, saved: RunResult) -> None:
    assert loaded is not None
    assert_same_values(loaded, saved)


def assert_same_values(loaded: Any, saved: Any) -> None:
    """The same values of the same types, down to the bytes of the arrays; what was loaded cannot be written to."""
    if isinstance(saved, np.ndarray):
        assert (loaded.dtype, loaded.shape, loaded.tobytes()) == (saved.dtype, saved.shape, saved.tobytes())
        assert not loaded.flags.writeable or not saved.size
    elif is_dataclass(saved):
        assert type(loaded) is type(saved)
        for field in fields(saved):
            assert_same_values(getattr(loaded, field.name), getattr(saved, field.name))
    elif isinstance(saved, dict):
        assert loaded.keys() == saved.keys()
        for name, value in saved.items():
            assert_same_values(loaded[name], value)
    elif isinstance(saved, tuple):
        assert len(loaded) == len(saved)
        for one, other in zip(loaded, saved, strict=True):
            assert_same_values(one, other)
    else:
        assert (type(loaded), repr(loaded)) == (type(saved), repr(saved))


def every_choice() -> Iterator[Experiment]:
    """One experiment for each entry of each catalogue, with its defaults."""
    yield from (Experiment(objective=objective()) for objective in OBJECTIVES)
    yield from (Experiment(optimizers=(optimizer(),)) for optimizer in OPTIMIZERS)
    for function in alternatives(AnyTestFunction):
        yield Experiment(objective=TestFunctionObjective(function=function()))
    for kind in (*DATASETS, *LOSSES, *LAYERS, *INITIALISATIONS, *BATCHES):
        yield Experiment(objective=fit_with(kind))


@pytest.mark.parametrize("ending", ["gradviz", "json"])
def test_every_catalogue_entry_survives_a_round_trip(tmp_path: Path, ending: str) -> None:
    for index, experiment in enumerate(every_choice()):
        path = tmp_path / f"{index}.{ending}"
        save(path, experiment, None)
        assert load(path).experiment == experiment


def test_a_run_survives_a_round_trip(tmp_path: Path, experiment: Experiment, result: RunResult) -> None:
    path = tmp_path / "run.gradviz"
    save(path, experiment, result)
    loaded = load(path)
    assert (loaded.experiment, loaded.read_only, loaded.notice) == (experiment, False, "")
    assert_same(loaded.result, result)


def test_saving_twice_gives_the_same_bytes(tmp_path: Path, experiment: Experiment, result: RunResult) -> None:
    save(tmp_path / "a.gradviz", experiment, result)
    loaded = load(tmp_path / "a.gradviz")
    save(tmp_path / "b.gradviz", loaded.experiment, loaded.result)
    assert (tmp_path / "a.gradviz").read_bytes() == (tmp_path / "b.gradviz").read_bytes()


ARRAYS = st.sampled_from(["f4", "f8", "i8", "i4", "u1", "?"]).flatmap(
    lambda dtype: arrays.arrays(np.dtype(dtype), arrays.array_shapes(min_dims=0, max_dims=4, min_side=0))
)
NAMES = st.from_regex(r"\A[a-z.]{1,12}\Z")
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats())
SERIES = st.one_of(NUMBERS, st.lists(st.floats(), min_size=1, max_size=3).map(tuple))


def named(values: Any, most: int = 3) -> Any:
    return st.dictionaries(NAMES, values, max_size=most)


LISTS = st.integers(0, 3).flatmap(
    lambda filled: st.builds(
        KeptList, st.integers(filled, 9), arrays.arrays(np.float32, (filled, 2)) if filled else st.none()
    )
)
SCHEDULES = st.recursive(
    st.builds(ScheduleNumbers, named(SERIES).map(lambda numbers: {**numbers, "last_epoch": 3})),
    lambda inner: st.builds(
        ScheduleNumbers, st.just({"last_epoch": 3}), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=4,
)
LANES = st.builds(
    LaneResult,
    weights=named(ARRAYS).map(lambda weights: {**weights, "w": np.ones(2)}),
    optimizer=named(named(st.one_of(ARRAYS, NUMBERS, LISTS)).filter(bool)),
    buffers=named(ARRAYS),
    gradients=named(ARRAYS),
    group=named(SERIES),
    schedule=st.one_of(st.none(), SCHEDULES),
)


@st.composite
def results(draw: st.DrawFn, experiment: Experiment) -> RunResult:
    """Any result that could be one of `experiment`, for all that storage knows."""
    count = len(experiment.optimizers)
    step = draw(st.integers(0, min(experiment.steps, 5)))
    width = draw(st.sampled_from([0, 2]))
    return RunResult(
        draw(st.sampled_from(RunState)),
        step,
        "cpu",
        {"é": "\0"},
        tuple(LiveEdit(k, experiment.optimizers) for k in range(step + 1)),
        tuple(draw(LANES) for _ in range(count)),
        draw(st.one_of(st.none(), arrays.arrays(np.uint8, 16))),
        draw(named(ARRAYS)),
        RecordBlock(0, np.full((step + 1, count), np.nan), np.zeros((step + 1, count, width))),
    )


EXPERIMENTS = st.builds(
    Experiment,
    hand_gradient=st.text(st.characters(exclude_categories=["Cs"]), max_size=120),
    seed=st.integers(0, 2**63 - 1),
    steps=st.integers(0, 10**9),
    dtype=st.sampled_from(["float32", "float64"]),
    objective=st.builds(TestFunctionObjective, x=st.floats(-1e6, 1e6), y=st.floats(-1e6, 1e6)),
    optimizers=st.lists(st.sampled_from([optimizer() for optimizer in OPTIMIZERS]), min_size=1, max_size=8).map(tuple),
)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), experiment=EXPERIMENTS)
def test_random_experiments_and_results_survive_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, experiment: Experiment
) -> None:
    path = tmp_path_factory.mktemp("random") / "random.gradviz"
    saved = data.draw(results(experiment))
    save(path, experiment, saved)
    loaded = load(path)
    assert loaded.experiment == experiment
    assert_same(loaded.result, saved)


def test_plain_json_is_indented_text_without_the_run(tmp_path: Path, experiment: Experiment, result: RunResult) -> None:
    path = tmp_path / "plain.json"
    save(path, experiment, result)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == {"format": FORMAT_VERSION, **to_data(Document(experiment=experiment))}
    assert '\n  "experiment"' in text
    assert "中文" in text
    path.write_bytes(b"\xef\xbb\xbf\r\n" + path.read_bytes())
    assert load(path).experiment == experiment
    assert load(path).result is None


def test_the_content_decides_not_the_ending(tmp_path: Path, experiment: Experiment) -> None:
    save(tmp_path / "plain.json", experiment, None)
    save(tmp_path / "packed.gradviz", experiment, None)
    (tmp_path / "plain.json").rename(tmp_path / "a.gradviz")
    (tmp_path / "packed.gradviz").rename(tmp_path / "b.json")
    assert load(tmp_path / "a.gradviz").experiment == load(tmp_path / "b.json").experiment == experiment


@pytest.mark.parametrize(
    ("experiment", "field"),
    [
        ('{"optimizers": [{"kind": "sgd", "lr": NaN}]}', "optimizers.0.lr"),
        ('{"optimizers": [{"kind": "sgd"}, {"kind": "adam", "lr": 1e999}]}', "optimizers.1.lr"),
        ('{"objective": {"kind": "test_function", "x": -Infinity}}', "objective.x"),
        ('{"objective": {"kind": "test_function", "x": ' + "9" * 350 + "}}", "objective.x"),
        ('{"steps": true}', "steps"),
        ('{"steps": 1.0}', "steps"),
        ('{"seed": ' + "9" * 5000 + "}", "seed"),
        ('{"seed": "1"}', "seed"),
        ('{"hand_gradient": "\\ud800"}', "hand_gradient"),
        ('{"title": "x"}', "title"),
        ('{"objective": {"kind": "fit", "model": [{"kind": "attention"}]}}', "objective.model.0"),
        ('{"optimizers": [{"kind": "lion"}]}', "lion"),
        ('{"glow": 1}', "glow"),
        ("[]", "JSON object"),
    ],
)
def test_a_wrong_setting_is_named_with_the_format(json_file: JsonFile, experiment: str, field: str) -> None:
    message = refusal(json_file(experiment))
    assert field in message
    assert f"format version {FORMAT_VERSION}" in message


def test_a_duplicate_setting_is_refused(json_file: JsonFile) -> None:
    assert "'seed' appears twice" in refusal(json_file('{"seed": 1, "seed": 2}'))


def test_deep_and_long_plain_files_are_refused(json_file: JsonFile) -> None:
    assert "deeper" in refusal(json_file("[" * 100_000 + "]" * 100_000))
    assert "longer" in refusal(json_file(" " * 9 * 2**20 + "{}"))


def test_a_bare_experiment_is_not_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bare.json"
    path.write_text('{"title": "x"}')
    assert "not a gradviz file" in refusal(path)


@pytest.mark.parametrize("version", ["true", "0", '"1"', "1.0", "null", "NaN"])
def test_a_wrong_format_version_is_refused(tmp_path: Path, version: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text('{"format": ' + version + ', "experiment": {}}')
    assert "format" in refusal(path)


def newer_file(path: Path, **changes: Any) -> Path:
    """A file of format 99 with settings and sections that nobody knows yet."""
    data: dict[str, Any] = {
        "format": 99,
        "sounds": [],
        "lesson": {"mood": 1, "texts": {"en": {"title": "From the future", "smell": 3}, "tlh": {"title": "qo'"}}},
        "experiment": {
            "glow": {"a": [1]},
            "objective": {"kind": "fit", "model": [{"kind": "linear", "rank": 2, "init": {"kind": "normal", "p": 1}}]},
            "optimizers": [{"kind": "adam", "lr": 0.5, "swirl": 1}],
        },
        "run": {
            "state": "paused",
            "step": 0,
            "device": "cpu",
            "versions": {},
            "mood": 1,
            "edits": [{"step": 0, "by": "me", "optimizers": [{"kind": "adam", "lr": 0.25, "swirl": 2}]}],
        },
    }
    data["experiment"] |= changes
    path.write_text(json.dumps(data))
    return path


def test_a_newer_format_is_refused_by_its_version(tmp_path: Path) -> None:
    path = newer_file(tmp_path / "newer.json")
    with pytest.raises(NewerFormatError, match="version 99") as caught:
        load(path)
    assert caught.value.version == 99


def test_a_newer_format_opens_read_only_without_what_is_unknown(tmp_path: Path) -> None:
    loaded = load(newer_file(tmp_path / "newer.json"), newer_read_only=True)
    assert loaded.read_only
    assert "99" in loaded.notice
    assert loaded.document.title == "From the future"
    assert isinstance(loaded.experiment.objective, FitObjective)
    assert loaded.experiment.optimizers[0].keywords["lr"] == 0.5
    assert loaded.result is not None
    assert loaded.result.edits[0].optimizers[0].keywords["lr"] == 0.25


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"optimizers": [{"kind": "lion"}]}, "lion"), ({"steps": -1}, "steps"), ({"seed": None}, "seed")],
)
def test_a_newer_format_with_any_other_fault_is_refused(tmp_path: Path, changes: Any, field: str) -> None:
    path = newer_file(tmp_path / "newer.json", **changes)
    with pytest.raises(FileError, match=field) as caught:
        load(path, newer_read_only=True)
    assert "99" in str(caught.value)


def test_this_format_is_never_read_only(tmp_path: Path, experiment: Experiment) -> None:
    save(tmp_path / "a.json", experiment, None)
    assert not load(tmp_path / "a.json", newer_read_only=True).read_only


def test_an_older_format_is_migrated_one_version_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "FORMAT_VERSION", 3)
    monkeypatch.setattr(
        migrations, "MIGRATIONS", {1: lambda data: data | {"one": 1}, 2: lambda data: data | {"two": 2, "one": 0}}
    )
    assert migrations.migrate({}, 1) == {"one": 0, "two": 2}
    assert migrations.migrate({}, 3) == {}
    with pytest.raises(NewerFormatError, match="version 4"):
        migrations.migrate({}, 4)
    monkeypatch.setattr(migrations, "MIGRATIONS", {})
    with pytest.raises(FileError, match="no longer reads"):
        migrations.migrate({}, 2)


FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize(("name", "edits", "steps"), [("format1.gradviz", [0, 4], 30), ("format2.gradviz", [0, 6], 10)])
def test_a_file_of_an_older_gradviz_opens_with_its_run(name: str, edits: list[int], steps: int) -> None:
    """Made by the programs of then: in format 2 after a seek back, with fewer steps than it had done."""
    saved = load(FILES / name)
    assert saved.result is not None
    assert saved.result.step == 10
    assert [edit.step for edit in saved.result.edits] == edits
    assert (saved.document.title, saved.experiment.steps) == (f"Format {name[6]}", steps)


@pytest.mark.parametrize("run", [None, 3, [], {}, {"step": "x"}, {"step": 1, "edits": [3]}, {"step": True}])
def test_a_migration_leaves_what_is_no_run_to_the_check(run: Any) -> None:
    content = {"experiment": {}, "run": run}
    assert migrations.migrate(content, 2)["run"] == run


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_open_with_a_notice(
    tmp_path: Path, experiment: Experiment, result: RunResult, value: float
) -> None:
    path = tmp_path / "nan.gradviz"
    lanes = (replace(result.lanes[0], weights={"x": np.array([1.0, value])}), result.lanes[1])
    save(path, experiment, replace(result, lanes=lanes))
    loaded = load(path)
    assert loaded.result is not None
    assert not loaded.result.finite
    assert "not finite" in loaded.notice
    assert "Reset" in loaded.notice


def test_a_history_may_hold_nan(tmp_path: Path, experiment: Experiment, result: RunResult) -> None:
    history = RecordBlock(0, np.full((3, 2), math.nan), np.full((3, 2, 2), math.nan))
    save(tmp_path / "a.gradviz", experiment, replace(result, history=history))
    assert load(tmp_path / "a.gradviz").notice == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"history/losses": np.zeros((3, 3))},
        {"history/losses": np.zeros(2)},
        {"history/losses": np.zeros((3, 2), dtype=np.float32)},
        {"history/losses": np.zeros((2, 2)), "history/positions": np.zeros((2, 2, 2))},
        {"history/losses": np.zeros((4, 2)), "history/positions": np.zeros((4, 2, 2))},
        {"history/positions": np.zeros((4, 2, 2))},
        {"history/positions": np.zeros((3, 4))},
        {"history/positions": np.zeros((3, 2, 2), dtype=np.float32)},
        {"history/losses": None},
        {"history/losses": None, "history/positions": None},
    ],
)
def test_a_history_of_the_wrong_shape_is_refused(
    tmp_path: Path, experiment: Experiment, result: RunResult, changes: dict[str, Any]
) -> None:
    path = tmp_path / "a.gradviz"
    save(path, experiment, result)
    rewrite(path, changes)
    assert "history" in refusal(path)
    assert load(path, without_run=True).result is None


def rewrite(path: Path, changes: dict[str, Any], **run: Any) -> None:
    """The file with other tensors, and with other entries of its run."""
    with safetensors.safe_open(path, framework="np") as opened:
        metadata = opened.metadata()
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
    document = json.loads(metadata["gradviz"])
    document["run"].update(run)
    tensors = {name: value for name, value in (tensors | changes).items() if value is not None}
    contiguous = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    safetensors.numpy.save_file(contiguous, path, {"gradviz": json.dumps(document)})


def test_a_history_that_does_not_fit_is_refused_by_save(
    tmp_path: Path, experiment: Experiment, result: RunResult
) -> None:
    path = tmp_path / "a.gradviz"
    save(path, experiment, result)
    good = path.read_bytes()
    for history in (None, RecordBlock(0, np.zeros((3, 3)), np.empty((3, 3, 0)))):
        with pytest.raises(FileError, match="history"):
            save(path, experiment, replace(result, history=history))
    assert path.read_bytes() == good


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights/2/x": np.zeros(1)}, "'weights/2/x', which no run"),
        ({"weights/00/x": np.zeros(1)}, "'weights/00/x'"),
        ({"random/cuda": np.zeros(1)}, "'random/cuda'"),
        ({"weight": np.zeros(1)}, "'weight'"),
        ({"optimizer/1/w/n_iter:int": np.zeros(2)}, "'optimizer/w/n_iter' is none"),
        ({"optimizer/1/w/n_iter:complex": np.zeros(())}, "'optimizer/w/n_iter' is none"),
        ({"optimizer/1/w/old:places": np.array(1)}, "longer or shorter than its places"),
        ({"optimizer/1/w/old:places": np.array(2**40)}, "longer or shorter than its places"),
        ({"optimizer/1/w/old:places": None}, "'optimizer/w/old' is none"),
        ({"group/1/lr": np.zeros((3, 3))}, "'group/lr' is none"),
        ({"group/1/lr": np.array(True)}, "'group/lr' is none"),
        ({"schedule/1/9/last_epoch": np.array(1)}, "a part '9/last_epoch'"),
    ],
)
def test_a_tensor_that_no_run_leaves_is_refused_by_its_name(
    tmp_path: Path, experiment: Experiment, result: RunResult, changes: dict[str, Any], words: str
) -> None:
    path = tmp_path / "a.gradviz"
    save(path, experiment, result)
    rewrite(path, changes)
    assert words in refusal(path)


SGD_ADAM = [{"kind": "sgd", "lr": 0.5}, {"kind": "adam"}]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"step": 2**63 - 1}, "stands at step 9.22e+18, but the experiment has 1,000 steps"),
        ({"step": 1001}, "stands at step 1,001"),
        ({"step": 1}, "its history has 3 steps"),
        ({"edits": []}, "do not begin at step 0"),
        ({"edits": [{"step": 1, "optimizers": SGD_ADAM}]}, "do not begin at step 0"),
        ({"edits": [{"step": step, "optimizers": SGD_ADAM} for step in (0, 2, 1)]}, "not in order"),
        ({"edits": [{"step": step, "optimizers": SGD_ADAM} for step in (0, 1, 1)]}, "not in order"),
        ({"edits": [{"step": step, "optimizers": SGD_ADAM} for step in (0, 3)]}, "a live edit is of step 3"),
        ({"edits": [{"step": 0, "optimizers": SGD_ADAM[::-1]}]}, "has Adam where the experiment has SGD"),
        ({"edits": [{"step": 0, "optimizers": SGD_ADAM[:1]}]}, "another number of optimisers"),
        (
            {"edits": [{"step": 0, "optimizers": [SGD_ADAM[0], {"kind": "adam", "amsgrad": True}]}]},
            "optimizers.1.amsgrad, which no live edit can",
        ),
        ({"edits": [{"step": 0, "optimizers": []}] * 10_001}, "10,001 live edits; at most 10,000"),
        ({"versions": {str(k): "1" for k in range(101)}}, "versions"),
    ],
)
def test_a_run_that_does_not_fit_its_experiment_is_refused_by_what_does_not(
    tmp_path: Path, experiment: Experiment, result: RunResult, run: dict[str, Any], words: str
) -> None:
    path = tmp_path / "a.gradviz"
    save(path, experiment, result)
    rewrite(path, {}, **run)
    assert words in refusal(path)
    assert load(path, without_run=True).experiment == experiment


def test_eighty_thousand_live_edits_are_counted_before_they_are_read(
    tmp_path: Path, experiment: Experiment, result: RunResult
) -> None:
    path = tmp_path / "a.gradviz"
    save(path, experiment, result)
    rewrite(path, {}, edits=[{"step": 0, "optimizers": SGD_ADAM}] * 80_000)
    assert "more than 200,000 values" in refusal(path)


GOOD_EDIT: dict[str, Any] = {"step": 0, "optimizers": [{"kind": "sgd"}]}
GOOD_RUN: dict[str, Any] = {"state": "ready", "step": 0, "device": "cpu", "versions": {}, "edits": [GOOD_EDIT]}


def test_a_hand_written_run_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"format": 1, "experiment": {}, "run": GOOD_RUN}))
    assert load(path).result == RunResult(RunState.READY, 0, "cpu", {}, (LiveEdit(0, Experiment().optimizers),))


@pytest.mark.parametrize(
    "run",
    [
        1,
        [],
        "paused",
        {},
        GOOD_RUN | {"state": "asleep"},
        GOOD_RUN | {"state": 3},
        GOOD_RUN | {"step": -1},
        GOOD_RUN | {"step": True},
        GOOD_RUN | {"step": 1.5},
        GOOD_RUN | {"step": 10**400},
        GOOD_RUN | {"step": math.nan},
        GOOD_RUN | {"device": None},
        GOOD_RUN | {"versions": {"torch": 2}},
        GOOD_RUN | {"versions": []},
        GOOD_RUN | {"mood": 1},
        GOOD_RUN | {"edits": {}},
        GOOD_RUN | {"edits": [1]},
        GOOD_RUN | {"edits": [GOOD_EDIT | {"step": None}]},
        GOOD_RUN | {"edits": [GOOD_EDIT | {"optimizers": []}]},
        GOOD_RUN | {"edits": [GOOD_EDIT | {"optimizers": [1]}]},
        GOOD_RUN | {"edits": [GOOD_EDIT | {"optimizers": [{"kind": "sgd"}, {"kind": "sgd"}]}]},
        GOOD_RUN | {"edits": [GOOD_EDIT | {"optimizers": [{"kind": "sgd", "lr": math.nan}]}]},
        GOOD_RUN | {"edits": [GOOD_EDIT | {"optimizers": [{"kind": "lion"}]}]},
    ],
)
def test_a_malformed_run_is_refused(tmp_path: Path, run: Any) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"format": 1, "experiment": {}, "run": GOOD_RUN}))
    assert load(path).result is not None
    path.write_text(json.dumps({"format": 1, "experiment": {}, "run": run}))
    message = refusal(path)
    assert "run" in message or "live edit" in message


def test_tensors_without_a_run_are_refused(tmp_path: Path) -> None:
    metadata = {"gradviz": '{"format": 1, "experiment": {}, "run": null}'}
    safetensors.numpy.save_file({"weights/0/x": np.zeros(1)}, tmp_path / "a.gradviz", metadata)
    assert "no record of the run" in refusal(tmp_path / "a.gradviz")


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"w": np.zeros(1)}, tmp_path / "a.gradviz", {"format": "pt"})
    assert "holds no experiment" in refusal(tmp_path / "a.gradviz")


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"format": 1, "experiment": {}, "sounds": 1}')
    assert "sounds" in refusal(tmp_path / "a.json")


@pytest.mark.parametrize(
    "weights",
    [
        {"x": np.zeros(2, dtype=np.complex64)},
        {"x": np.zeros(2, dtype=np.float16)},
        {"x": np.array(["a"])},
        {"x": np.array([None])},
        {"x" * 201: np.zeros(1)},
        {f"{index}": np.zeros(1) for index in range(10_001)},
    ],
)
def test_save_refuses_what_load_would_refuse(
    tmp_path: Path, experiment: Experiment, result: RunResult, weights: Any
) -> None:
    path = tmp_path / "a.gradviz"
    save(path, experiment, result)
    good = path.read_bytes()
    with pytest.raises(FileError):
        save(path, experiment, replace(result, lanes=(result.lanes[0], LaneResult(weights))))
    assert path.read_bytes() == good


def test_save_refuses_an_experiment_that_was_never_validated(tmp_path: Path, experiment: Experiment) -> None:
    with pytest.raises(FileError, match="seed"):
        save(tmp_path / "a.gradviz", experiment.model_copy(update={"seed": -1}), None)
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_here_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "cuda.gradviz"
    save(path, Experiment(device="cuda:0"), None)
    assert load(path).experiment.device == "cuda:0"


def test_a_path_in_any_language_works(tmp_path: Path, experiment: Experiment) -> None:
    folder = tmp_path / "中文 路径"
    folder.mkdir()
    path = folder / "é😀.gradviz"
    save(path, experiment, None)
    assert load(path).experiment == experiment
    assert [entry.name for entry in folder.iterdir()] == ["é😀.gradviz"]


def test_storage_imports_neither_torch_nor_qt() -> None:
    code = (
        "import sys\n"
        "from gradviz.storage.experiments import experiment_file\n"
        "from gradviz.storage.shipped import gallery\n"
        "from gradviz.storage.tables import history_csv\n"
        "from gradviz.storage.user import preferences\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'PySide6', 'pyqtgraph')))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_every_model_of_the_file_refuses_unknown_fields() -> None:
    from gradviz.storage.experiments.run_section import EditSection, RunSection

    models: list[type[BaseModel]] = [Experiment, RunSection, EditSection]
    assert {model.model_config["extra"] for model in models} == {"forbid"}
