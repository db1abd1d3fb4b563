"""The command line: figures, exit statuses, sentences, replay, report."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from gradviz.app.commands.cli import run_command_line
from gradviz.app.commands.selftest_tasks import TASKS
from gradviz.app.commands.speaking import OutputError, show
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.storage.shipped.gallery import gallery

Captured = pytest.CaptureFixture[str]


def no_display(**more: str) -> dict[str, str]:
    """The environment of a machine without a display."""
    dropped = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return {name: value for name, value in os.environ.items() if name not in dropped} | more


def run_json(capsys: Captured, *arguments: str, status: int = 0) -> dict[str, Any]:
    """Run a command with --json; its one JSON object."""
    assert run_command_line([*arguments, "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def mistake(capsys: Captured, *arguments: str) -> str:
    """Run a command that is a mistake; its one sentence."""
    assert run_command_line(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert len(lines[0]) <= 320
    assert "Traceback" not in captured.err
    return lines[0]


def test_a1_chain_of_scalars(capsys: Captured) -> None:
    found = run_json(capsys, "run", "A1", "--steps", "0")
    assert found["values"] == {"u": 40.0, "v": 43.0, "j": 129.0}
    assert found["gradients"] == {"a": 3.0, "b": 24.0, "c": 15.0}
    assert found["parameters"] == {"a": 3.0, "b": 5.0, "c": 8.0}
    assert found["loss"] == 129.0


def test_b1_rate_too_large_diverges(capsys: Captured) -> None:
    found = run_json(capsys, "run", "B1", status=3)
    assert found["state"] == "diverged"
    assert found["first_losses"][:2] == pytest.approx([1763.8848, 5802486], rel=1e-6)
    assert found["loss"] in ("inf", "nan"), "null is what there is not"
    assert "0.01" in found["message"]
    assert f"step {found['steps']}" in found["message"]


def test_why_a_run_ended_is_printed_and_a_field_and_set_takes_its_advice(capsys: Captured) -> None:
    found = run_json(capsys, "run", "B1", status=3)
    (reason,) = found["reasons"]
    assert found["message"] == reason["sentence"]
    assert (reason["kind"], reason["optimizer"]) == ("rate too large", 0)
    assert reason["figures"]["rate"] == 0.01
    assert reason["figures"]["bound"] == pytest.approx(2 / reason["figures"]["curvature"])
    advice = [part for path, value in reason["set"].items() for part in ("--set", f"{path}={json.dumps(value)}")]
    assert run_json(capsys, "run", "B1", "--steps", "100", *advice)["state"] == "finished"
    assert run_command_line(["run", "B1"]) == 3
    assert reason["sentence"] in capsys.readouterr().err
    assert run_json(capsys, "run", "B3")["reasons"] == []


def test_b2_rate_small_enough(capsys: Captured) -> None:
    found = run_json(capsys, "run", "B2", "--steps", "1")
    assert found["first_losses"] == pytest.approx([1763.8848, 323.0905], rel=1e-6)


def test_b3_scaled_inputs(capsys: Captured) -> None:
    found = run_json(capsys, "run", "B3")
    assert found["first_losses"][:2] == pytest.approx([80.3643, 37.5749], rel=1e-5)
    assert found["loss"] == pytest.approx(2.927648, abs=5e-7)
    assert found["parameters"] == pytest.approx({"w": 5.36708, "b": -17.30119}, abs=5e-5)
    assert found["steps"] == 5000
    assert found["steps_per_s"] > 0
    assert set(found["versions"]) >= {"gradviz", "torch", "numpy", "python"}


def test_b4_three_ways_step_by_step(qapp: QApplication, tmp_path: Path) -> None:
    histories = []
    for name in ("line-by-hand", "line-autograd", "line-module"):
        assert run_command_line(["run", name, "--out", str(tmp_path / name)]) == 0
        rows = (tmp_path / name / "history.csv").read_text().splitlines()[1:]
        histories.append([float(row.split(",")[1]) for row in rows])
    assert len(histories[0]) == 5001
    for other in histories[1:]:
        assert other == pytest.approx(histories[0], rel=1e-9, abs=1e-9)


def test_b5_adam(capsys: Captured) -> None:
    assert run_json(capsys, "run", "B5")["loss"] == pytest.approx(2.92765, abs=5e-6)


def test_settings_of_the_file_can_be_set(capsys: Captured) -> None:
    settings = ("--set", "optimizers.0.kind=adam", "--set", "optimizers.0.lr=0.5", "--set", "objective.x=-1.5")
    found = run_json(capsys, "run", "E1", "--steps", "1", "--seed", "7", *settings)
    assert found["seed"] == 7
    assert found["parameters"]["x"] == pytest.approx(-2.0, abs=1e-5)


def test_a_race_reports_every_optimizer(capsys: Captured) -> None:
    race = json.dumps([{"kind": "sgd", "lr": 1e-3}, {"kind": "adam", "lr": 1e-3}])
    found = run_json(capsys, "run", "E1", "--steps", "3", "--set", f"optimizers={race}")
    assert [entry["kind"] for entry in found["optimizers"]] == ["sgd", "adam"]
    assert found["optimizers"][1]["parameters"]["x"] == pytest.approx(0.003, abs=1e-5)


def test_gallery_lists_names_cases_and_titles(capsys: Captured) -> None:
    assert run_command_line(["gallery", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [entry.name for entry in gallery()]
    assert {"A1", "B1", "B2", "B3", "B4", "B5", "E1", "E2"} <= {row["case"] for row in rows}
    assert run_command_line(["gallery"]) == 0
    assert "Himmelblau" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "no-such-thing"), "no-such-thing"),
        (("run", "missing.gradviz"), "missing.gradviz"),
        (("run", "E1", "--set", "optimizers.0.lr=-1"), "optimizers.0.lr"),
        (("run", "E1", "--set", "optimizers.0.lr=NaN"), "optimizers.0.lr"),
        (("run", "E1", "--set", "steps=true"), "steps"),
        (("run", "E1", "--set", "optimizers.0.speed=1"), "optimizers.0.speed"),
        (("run", "E1", "--set", "nonsense"), "path=value"),
        (("run", "A1", "--set", "objective.text=u = b*zz"), "column 7"),
        (("run", "E1", "--speed", "9"), "--speed"),
        (("run", "E1", "--steps", "many"), "--steps"),
        (("run", "E1", "--steps", "-1"), "steps"),
        (("replay", "missing.gradviz"), "missing.gradviz"),
        (("run",), "FILE_OR_GALLERY_NAME"),
    ],
)
def test_a_mistake_is_one_sentence(capsys: Captured, arguments: tuple[str, ...], words: str) -> None:
    assert words in mistake(capsys, *arguments)


def test_a_loss_that_is_not_finite_at_the_start_is_refused(capsys: Captured) -> None:
    sentence = mistake(capsys, "run", "A1", "--set", "objective.text=u = log(a - b)\nj = u + c")
    assert "line 1" in sentence
    assert "log(a - b) is nan, where a - b = -2" in sentence


def test_a_device_that_is_gone_falls_back_with_one_notice(capsys: Captured) -> None:
    assert run_command_line(["run", "E1", "--steps", "2", "--device", "xpu:9", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["device"] == "cpu"
    assert captured.err.count("xpu:9") == 1


def test_replay_matches_and_finds_the_first_difference(qapp: QApplication, tmp_path: Path, capsys: Captured) -> None:
    assert run_command_line(["run", "G", "--steps", "60", "--out", str(tmp_path)]) == 0
    file = tmp_path / "experiment.gradviz"
    capsys.readouterr()
    assert run_json(capsys, "replay", str(file))["matched"] is True
    saved = load(file)
    assert saved.result is not None
    assert saved.result.history is not None
    losses = saved.result.history.losses.copy()
    losses[41] += 1e-3
    save(file, saved.experiment, replace(saved.result, history=replace(saved.result.history, losses=losses)))
    found = run_json(capsys, "replay", str(file), status=1)
    assert found["matched"] is False
    assert found["first_difference"] == 41


def test_a_run_that_does_not_fit_is_no_matter_but_to_replay(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "misfit.json"
    run = {"state": "paused", "step": 2**63 - 1, "device": "cpu", "versions": {}, "edits": []}
    file.write_text(json.dumps({"format": 3, "experiment": {"steps": 3}, "run": run}))
    sentence = mistake(capsys, "replay", str(file))
    assert "misfit.json: The result in this file cannot be used: its run stands at step 9.22e+18" in sentence
    assert "gradviz run" in sentence
    assert run_json(capsys, "run", str(file))["steps"] == 3


def test_replay_of_a_file_without_a_run_is_a_mistake(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "plain.gradviz"
    save(file, gallery()[0].experiment, None)
    assert "holds no run" in mistake(capsys, "replay", str(file))


def test_out_holds_history_file_and_pictures(tmp_path: Path) -> None:
    """In a process of its own, without a display: pictures are painted all the same."""
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", "run", "B3", "--steps", "300", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        env=no_display(),
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "history.csv",
        "experiment.gradviz",
        *(f"{key}.png" for key in ("graph", "surface", "curves", "fit", "parameters")),
    }
    from PySide6.QtGui import QImage

    for path in (tmp_path / "out").glob("*.png"):
        image = QImage(str(path))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}
        assert len(colours) > 8, path.name
    assert "steps/s" in done.stderr


def test_without_a_display_the_main_job_is_done(tmp_path: Path) -> None:
    file = tmp_path / "short.json"
    save(file, gallery()[0].experiment, None)
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", str(file)],
        capture_output=True,
        text=True,
        env=no_display(PYTHONPATH=str(Path(__file__).parents[2]), GRADVIZ_CONFIG=str(tmp_path / "config")),
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stderr
    assert (tmp_path / "gradviz-run-short" / "graph.png").is_file()


def test_version(capsys: Captured) -> None:
    import gradviz

    assert run_command_line(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"gradviz {gradviz.__version__}"


def test_selftest_passes_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", "selftest"],
        capture_output=True,
        text=True,
        env={**os.environ, "GRADVIZ_CONFIG": str(tmp_path)},
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" ok") == len(gallery()) + len(TASKS)


def test_weights_go_out_and_in_and_only_where_they_fit(capsys: Captured, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pt"
    trained = run_json(capsys, "run", "E1", "--steps", "20", "--save-weights", str(kept))
    assert "Add --allow-pt" in mistake(capsys, "run", "E1", "--weights", str(kept))
    again = run_json(capsys, "run", "E1", "--steps", "0", "--weights", str(kept), "--allow-pt")
    assert again["parameters"] == trained["parameters"]
    assert again["loss"] == trained["loss"]
    assert "do not fit this model (w, b)" in mistake(capsys, "run", "B3", "--weights", str(kept), "--allow-pt")
    assert "not a kind of weights" in mistake(capsys, "run", "E1", "--steps", "1", "--save-weights", "w.npz")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "himmelblau", "--set", "steps=" + "[" * 100_000),
        ("run", "himmelblau", "--set", "steps=" + "[" * 80 + "]" * 80),
        ("run", "himmelblau", "--set", "x" * 5000 + "=1"),
        ("run", "a" * 300),
        ("check", "a" * 300 + ".json"),
        ("run", "~nobody-of-this-name/x"),
        ("run", "himmelblau", "--set", "optimizers.0.kind=rprop", "--set", "optimizers.0.etas=[0.5, 1e308]"),
        ("run", "himmelblau", "--set", "optimizers.0.kind=adam", "--set", "optimizers.0.eps=1e300"),
        ("run", "himmelblau", "--set", "optimizers.0.kind=a\x1b[31m\nb"),
        ("run", "himmelblau", "--set", "dtype=a\x1b[31m\nb"),
        ("script", "himmelblau", "--dialect", "a\x1b\n"),
        ("replay", "no\x1b\nfile.gradviz"),
        ("run", "himmelblau", "--out", "/dev/null/x"),
        ("run", "himmelblau", "--save-weights", "/nowhere/w.pt"),
    ],
)
def test_whatever_is_given_one_printable_sentence_answers(capsys: Captured, arguments: tuple[str, ...]) -> None:
    assert mistake(capsys, *arguments).isprintable()


@pytest.mark.parametrize("option", ["--out", "--save-weights"])
def test_a_place_that_cannot_be_written_is_told_before_the_training(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    from gradviz.engine.training.trainer import Trainer

    monkeypatch.setattr(Trainer, "advance", lambda _self: pytest.fail("it was trained"))
    blocked = tmp_path / "blocked"
    (blocked / "history.csv" if option == "--out" else blocked / "w.pt").mkdir(parents=True)
    place = blocked if option == "--out" else blocked / "w.pt"
    assert mistake(capsys, "run", "himmelblau", option, str(place)).endswith(f"Choose another place with {option}.")


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_leaves_what_was_trained_so_far(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, status: int
) -> None:
    from gradviz.engine.training.trainer import Trainer

    advance = Trainer.advance

    def until(self: Trainer) -> Any:
        if self.step == 40:
            signal.raise_signal(getattr(signal, name))
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", until)
    before = signal.getsignal(getattr(signal, name))
    weights = tmp_path / "w.safetensors"
    given = ["run", "himmelblau", "--out", str(tmp_path / "out"), "--save-weights", str(weights)]
    assert run_command_line(given) == status
    said = capsys.readouterr().err
    assert "Stopped at step 41 of 30,000." in said
    assert "Wrote the weights so far" in said
    saved = load(tmp_path / "out" / "experiment.gradviz")
    assert saved.result is not None
    assert (saved.result.step, saved.result.state) == (41, RunState.PAUSED)
    assert weights.exists()
    assert signal.getsignal(getattr(signal, name)) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("arguments", [("gallery",), ("--help",), ("script", "chain"), ("run", "A1", "--json")])
def test_a_stdout_that_is_full_is_told_in_a_sentence(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "gradviz", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 2, ended.stderr
    assert "The disk is full." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_script_is_utf_8_whatever_the_terminal_can_show() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "gradviz", "script", "chain", "--set", 'title="中文"']
    ended = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "中文" in ended.stdout.decode()


def test_a_letter_that_stdout_cannot_write_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with pytest.raises(OutputError, match="which ascii cannot write"):
        show("中文")


def test_whoever_stops_reading_hears_nothing_more() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gradviz", "gallery"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        shown.stdout.close()
        assert shown.stderr.read() == b""
