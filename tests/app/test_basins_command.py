"""``gradviz basins``: how many starts go where, against plain loops of torch, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradviz.app.commands.cli import run_command_line

Captured = pytest.CaptureFixture[str]
MINIMA = np.array([(3.0, 2.0), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848127)])


def basins_json(capsys: Captured, *arguments: str, status: int = 0) -> dict[str, Any]:
    assert run_command_line(["basins", *arguments, "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def end_of(start: tuple[float, float], rate: float, steps: int) -> int:
    """Where a plain loop of torch ends: the index of the minimum, -1 for none."""
    x = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        ((x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2).backward()
        optimizer.step()
    distances = np.hypot(*(MINIMA - x.detach().numpy()).T)
    return int(distances.argmin()) if distances.min() < 0.36 else -1


def test_the_counts_are_those_of_a_plain_loop_from_each_start(capsys: Captured) -> None:
    found = basins_json(capsys, "himmelblau", "--grid", "5", "--steps", "300", "--set", "optimizers.0.lr=0.01")
    xs, ys = (np.linspace(*found[axis], 5) for axis in "xy")
    ends = [end_of((x, y), 0.01, 300) for y in ys for x in xs]
    counted = {tuple(np.round([end["x"], end["y"]], 3)): end["starts"] for end in found["ends"]}
    assert found["starts"] == 25 == sum(counted.values()) + found["not_converged"]
    for index, minimum in enumerate(MINIMA):
        assert counted[tuple(np.round(minimum, 3))] == ends.count(index)
    assert found["not_converged"] == ends.count(-1)
    assert found["seconds"] > 0


def test_it_tells_in_lines_with_the_most_first(capsys: Captured) -> None:
    assert run_command_line(["basins", "himmelblau", "--grid", "8", "--steps", "200"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("64 starts, at most ")
    counts = [int(line.split()[0]) for line in lines[1:-1]]
    assert counts == sorted(counts, reverse=True)
    assert lines[-1].endswith("did not converge")
    assert sum(counts) + int(lines[-1].split()[0]) == 64


def test_the_picture_has_the_colours_of_several_basins(capsys: Captured, tmp_path: Path, qapp: Any) -> None:
    from PySide6.QtGui import QImage

    path = tmp_path / "map.png"
    assert run_command_line(["basins", "himmelblau", "--grid", "24", "--steps", "200", "-o", str(path)]) == 0
    image = QImage(str(path))
    assert (image.width(), image.height()) == (960, 720)
    assert len({image.pixel(x, y) for x in range(0, 960, 9) for y in range(0, 720, 9)}) > 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("neurons",), "two numbers"),
        (("himmelblau", "-o", "map.gif"), "not .png"),
        (("himmelblau", "--grid", "1"), "--grid"),
        (("no-such-case",), "no gallery experiment"),
    ],
)
def test_what_it_cannot_do_is_a_sentence_and_status_2(capsys: Captured, arguments: tuple[str, ...], words: str) -> None:
    assert run_command_line(["basins", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_the_numbers_of_a_layer_have_a_map_with_their_names(capsys: Captured, tmp_path: Path, qapp: Any) -> None:
    asked = ("line-50", "--grid", "4", "--steps", "60")
    found = basins_json(capsys, *asked)
    assert found["names"] == ["weight", "bias"]
    assert run_command_line(["basins", *asked, "-o", str(tmp_path / "map.png")]) == 0
    assert ", over weight and bias, " in capsys.readouterr().out.splitlines()[0]
    assert (tmp_path / "map.png").stat().st_size > 5000
