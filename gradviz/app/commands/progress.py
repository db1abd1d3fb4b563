"""The progress bar of the command line, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

TITLE = 26


class _Rate(ProgressColumn):
    """Steps a second since the start."""

    def render(self, task: Task) -> Text:
        seconds = task.finished_time or task.elapsed or 0.0
        return Text(f"{task.completed / seconds:,.0f} steps/s" if seconds and task.completed else "")


@contextmanager
def step_progress(title: str, steps: int) -> Iterator[Callable[[int], None]]:
    """Yields a function that takes the step done; shows steps a second and the time left."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}", table_column=Column(no_wrap=True)),
        _Rate(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title if len(title) <= TITLE else title[: TITLE - 1] + "…", total=steps)
        yield lambda step: progress.update(task, completed=step)
