"""``gradviz step``: a script line by line without a window, in words or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from gradviz.app.commands.interruption import interruptible
from gradviz.app.commands.speaking import say, show
from gradviz.core.stepping.recording import Recording
from gradviz.core.stepping.step_data import step_data
from gradviz.core.stepping.step_text import recording_text
from gradviz.core.words import say as words
from gradviz.storage.experiments.script_file import read_script

FAILED = 3


def print_steps(file: Path, arguments: list[str], limit: int, seconds: float, python: str, as_json: bool) -> int:
    """Run the script in a child and print what its lines did; returns the exit status."""
    from gradviz.engine.stepping.stepper import Request, Stepper

    source = read_script(file)
    path = str(file.resolve())
    stepper = Stepper(
        Request(path, source, str(file.resolve().parent), tuple(arguments), python, limit, seconds=seconds)
    )
    with interruptible() as interruption:
        for _ in stepper.run():
            if interruption.wanted():
                stepper.stop(words("The script was stopped."))
    recording = stepper.recording()
    if as_json:
        show(json.dumps(step_data(recording), ensure_ascii=False))
    else:
        _speak(recording)
    if interruption.wanted():
        return interruption.status
    return 0 if recording.is_finished and recording.error is None and recording.status == 0 else FAILED


def _speak(recording: Recording) -> None:
    if len(recording):
        show(recording_text(recording))
    for line, stride in sorted(recording.strides.items()):
        say(str(words("Of the loop in line {line} every {stride}th pass is kept.", line=line, stride=stride)))
    for warning in recording.warnings:
        say(f"line {warning.line}: {warning.sentence}")
    if recording.error is not None:
        error = recording.error
        say(f"line {error.line}: {error.type}: {error.message}")
        if error.explanation:
            say(str(error.explanation))
    if recording.ending:
        say(str(recording.ending))
    counted = words(
        "{run:line|lines} ran, {kept:event|events} recorded.", run=recording.lines_run, kept=len(recording)
    )  # fmt: skip
    say(str(counted))
