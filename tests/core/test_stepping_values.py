"""Recordings as values: chunks and keyframes, merged events, thinned loops, plain data."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

from gradviz.core.stepping.building import CHUNK, Builder
from gradviz.core.stepping.events import Frame, LoopPass
from gradviz.core.stepping.recording import Recording
from gradviz.core.stepping.running_state import RunningState, merged
from gradviz.core.stepping.step_data import step_data
from gradviz.core.stepping.step_text import recording_text
from gradviz.core.stepping.variable_state import Summary, variable_state


def tensor(number: float, grad_fn: str | None = None, node: int = -1, storage: int = 8, flags: int = 3) -> list[Any]:
    return ["t", [], "float32", flags, grad_fn, node, [number], None, 0, storage, "cpu", "Tensor"]


def loop_events(passes: int, rng: random.Random | None = None) -> list[list[Any]]:
    """Of a loop in line 1 with two lines: a counter, and a tensor with a node of its own in each pass."""
    told: list[list[Any]] = []
    for k in range(passes):
        more: dict[str, Any] = {"a": [[k + 1, "MulBackward0", 2, [-1]]]}
        if k:
            more["g"] = [k]
        told.append([2 * k + 1, 1, 0, k + 1, [[0, "k", ["p", "int", k]]]])
        told.append([2 * k + 2, 2, 0, k + 1, [[0, "y", tensor(k / 3, "MulBackward0", k + 1)]], more])
        if rng is not None and rng.random() < 0.2:
            told[-1][5]["o"] = f"{k}\n"
            told[-2].append({"r": [[0, "y"]]} if k else {})
    return told


def built(events: list[list[Any]], passes: int = 0, total: int = -1) -> Builder:
    builder = Builder()
    builder.frames[0] = Frame(0, "<module>", -1, 1)
    for k in range(passes):
        builder.passes[k + 1] = LoopPass(k + 1, 1, k, 0, k == total - 1, total, k)
    for event in events:
        builder.add(event)
    return builder


def recording(builder: Builder, source: str = "for k in range(9):\n    y = 2 * x\n") -> Recording:
    return Recording(source, builder.chunks(), builder.frames, builder.passes, strides=builder.strides)


def replayed(events: list[list[Any]], last: int) -> RunningState:
    state = RunningState()
    for event in events[: last + 1]:
        state.apply(event)
    return state


def test_the_state_at_any_event_is_that_of_all_events_up_to_it() -> None:
    events = loop_events(700, random.Random(0))
    whole = recording(built(events))
    assert len(whole) == 1400 > 2 * CHUNK
    for index in (0, 1, 511, 512, 513, 1023, 1024, 1399):
        state = whole.state(index)
        expected = replayed(events, index)
        assert {name: one for (_, name), one in state.variables.items()} == {
            name: variable_state(one) for name, one in expected.scopes.get(0, {}).items()
        }
        assert set(state.nodes) == set(expected.nodes)
        assert state.event == whole.event(index) == next(whole.events(index, index + 1))
        assert [frame.function for frame in state.frames] == ["<module>"]
    with pytest.raises(IndexError):
        whole.state(1400)


def test_two_merged_events_do_what_both_did() -> None:
    events = loop_events(60, random.Random(1))
    for first in range(len(events) - 1):
        apart, together = replayed(events, first - 1), replayed(events, first - 1)
        apart.apply(events[first])
        apart.apply(events[first + 1])
        together.apply(merged(events[first], events[first + 1]))
        assert json.loads(apart.frozen()) == json.loads(together.frozen())


def test_a_thinned_loop_keeps_the_first_the_last_and_every_nth_pass_and_every_state_at_them() -> None:
    events = loop_events(300, random.Random(2))
    builder = built(events, 300, total=300)
    builder.thin({1: 16})
    thin = recording(builder)
    kept = [thin.passes[one.loop_pass].index for one in thin.events()]
    assert kept == [k for k in range(300) if k < 2 or k % 16 == 0 or k == 299 for _ in range(2)]
    assert thin.strides == {1: 16}
    for index in range(len(thin)):
        state = thin.state(index)
        expected = replayed(events, state.event.ordinal - 1)
        assert state.variables == {(0, name): variable_state(one) for name, one in expected.scopes.get(0, {}).items()}
        assert set(state.nodes) == set(expected.nodes)
    everything = "".join(event.output for event in recording(built(events)).events())
    assert "".join(event.output for event in thin.events()) == everything


def test_names_shared_memory_and_graph_are_plain_data() -> None:
    events: list[list[Any]] = [
        [1, 1, 0, 0, [[0, "x", tensor(1.0)]]],
        [2, 2, 0, 0, [[0, "d", tensor(1.0, flags=2, node=0)], [0, "n", ["p", "float", float("nan")]]]],
        [3, 3, 0, 0, [[0, "y", tensor(2.0, "MulBackward0", 5, storage=9, flags=1)]],
         {"a": [[5, "MulBackward0", 3, [-1]], [-1, "AccumulateGrad", 3, []]]}],
        [4, 4, 0, 0, [], {"s": [5], "o": "2\n"}],
        [5, 5, 0, 0, [], {"r": [[0, "y"]], "g": [5, -1]}],
    ]  # fmt: skip
    data = step_data(recording(built(events)))
    json.dumps(data, allow_nan=False)
    assert data["events"][1]["changed"]["d"]["shares"] == ["x"]
    assert data["events"][1]["changed"]["n"]["value"] == "nan"
    assert data["events"][2]["changed"]["y"] == {
        "shape": [], "dtype": "float32", "value": 2.0, "requires_grad": True, "is_leaf": False,
        "grad_fn": "MulBackward0", "grad": None, "version": 0, "shares": [],
    }  # fmt: skip
    assert data["events"][3]["graph"]["freed"] == [{"id": 5, "op": "MulBackward0", "by": "backward"}]
    assert data["events"][4]["graph"]["freed"][1] == {"id": -1, "op": "AccumulateGrad", "by": "names"}
    assert data["events"][4]["removed"] == ["y"]
    assert (data["recorded"], data["error"], data["ending"]) == (5, None, None)


def test_a_long_recording_is_printed_by_its_ends() -> None:
    text = recording_text(recording(built(loop_events(300))))
    assert text.splitlines()[0].split() == ["1", "for", "k", "in", "range(9):", "k", "=", "0"]
    assert "400 more lines recorded" in text
    assert "y = 99.66667 <MulBackward0>" in text.splitlines()[-1]


def test_a_state_is_found_within_a_tenth_of_a_second() -> None:
    whole = recording(built(loop_events(20_000)))
    begin = time.process_time()
    for index in (511, 20_000, 39_999):
        whole.state(index)
    assert (time.process_time() - begin) / 3 < 0.1


def test_a_summary_says_whether_all_is_finite() -> None:
    told = tensor(0.0)
    told[6] = {"digest": "00", "not_finite": 1, "min": 0.0, "max": 1.0, "mean": 0.5, "norm": 1.0, "histogram": [1, 2]}
    state = variable_state(told)
    assert isinstance(state.numbers, Summary)
    assert (state.numbers.low, state.numbers.histogram, state.is_finite) == (0.0, (1, 2), False)
    assert variable_state(tensor(float("inf"))).is_finite is False
