"""The command line: the same engine without a window."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

import gradviz
from gradviz.app.commands.names import COMMANDS
from gradviz.app.commands.run_commands import (
    DIVERGED,
    MISTAKE,
    check,
    print_script,
    read_weights,
    replay_file,
    run,
    with_its_run,
    with_settings,
)
from gradviz.app.commands.speaking import ReaderGoneError, give_up_stdout, say, show
from gradviz.app.commands.table_commands import is_table, table_run
from gradviz.app.process.crash import trace_to_stderr
from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document
from gradviz.core.problems import GradvizError
from gradviz.core.words import one_line
from gradviz.engine.problems import is_of_torch
from gradviz.storage.experiments.experiment_file import SavedExperiment
from gradviz.storage.problems import cause_of
from gradviz.storage.shipped.by_name import find_experiment

cli = typer.Typer(
    name="gradviz",
    help="See automatic differentiation and optimisation, in PyTorch's own numbers.\n\n"
    "gradviz [FILE] opens the window.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=False,
)

Table = Annotated[str, typer.Argument(metavar="FILE_OR_GALLERY_NAME")]
Target = Annotated[str, typer.Option("--target", metavar="NAME", help="Of a table: the column to predict.")]
Missing = Annotated[
    list[str] | None, typer.Option("--missing", metavar="TEXT", help="Of a table: what marks a missing cell, -999 say.")
]
Page = Annotated[str, typer.Option("--sheet", metavar="NAME", help="Of a workbook: its sheet, instead of the first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout.")]


@cli.command("open")
def open_command(
    file: Annotated[str | None, typer.Argument(help="An experiment file.")] = None,
    reset_layout: Annotated[bool, typer.Option(help="Put the panes where they were at first.")] = False,
) -> int:
    """Open the window (what gradviz does without a command)."""
    from gradviz.app.commands.open_window import open_window

    return open_window(file, reset_layout)


@cli.command("run")
def run_command(  # noqa: PLR0913, PLR0917 - one a flag
    experiment: Table,
    steps: Annotated[int | None, typer.Option(help="Optimiser updates.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random number.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, mps, ...")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="A setting.")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for history, file and pictures.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Begin with these weights: .safetensors or .pt.")] = None,
    save_weights: Annotated[Path | None, typer.Option(help="Write the weights: .safetensors or .pt.")] = None,
    allow_pt: Annotated[bool, typer.Option("--allow-pt", help="Read the tensors of a .pt file, a pickle.")] = False,
    target: Target = "",
    missing: Missing = None,
    sheet: Page = "",
    as_json: AsJson = False,
) -> int:
    """Train to the end with a progress bar; of a table (CSV, Excel, Parquet) a line is fitted.

    Exit status: 0 finished, 3 diverged or failed, 2 a mistake.
    """
    chosen = {"steps": steps, "seed": seed, "device": device}
    shorthand = [f"{path}={json.dumps(value)}" for path, value in chosen.items() if value is not None]
    table = table_run(experiment, target, missing or [], sheet) if is_table(experiment) else None
    if table is None and (target or missing or sheet):
        raise SettingError("", "--target, --missing and --sheet are for tables, and this is an experiment")
    if table is not None and not as_json:
        say(f"{Path(experiment).name}: {table.imported.summary}")
    given = [*shorthand, *(settings or [])]
    edited = _edited(experiment, given) if table is None else with_settings(table.document, given)
    start = None if weights is None else read_weights(weights, allow_pt)
    return run(edited, out, as_json, start, save_weights, table)


@cli.command("check")
def check_command(
    experiment: Annotated[str, typer.Argument(metavar="FILE_OR_GALLERY_NAME")],
    steps: Annotated[int, typer.Option(min=0, help="Optimiser updates before the check.")] = 0,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="A setting.")] = None,
    as_json: AsJson = False,
) -> int:
    """Compare the gradient by hand, finite difference, autograd and symbols.

    Exit status: 0 all agree, 1 one is wrong, 2 a mistake.
    """
    return check(_edited(experiment, settings), steps, as_json)


@cli.command("replay")
def replay_command(file: Path, as_json: AsJson = False) -> int:
    """Run a saved run again; says whether it matched bit for bit. Exit status: 0 matched, 1 not, 2 a mistake."""
    return replay_file(file, as_json)


@cli.command("gallery")
def gallery_command(as_json: AsJson = False) -> int:
    """List the gallery: name, case, title."""
    from gradviz.storage.shipped.gallery import gallery

    rows = [(entry.name, entry.case, entry.document.title) for entry in gallery()]
    if as_json:
        show(json.dumps([dict(zip(("name", "case", "title"), row, strict=True)) for row in rows]))
    else:
        width = max(len(name) for name, _, _ in rows)
        show("\n".join(f"{name:<{width}}  {case:<4}{title}" for name, case, title in rows))
    return 0


@cli.command("script")
def script_command(
    experiment: Annotated[str, typer.Argument(metavar="FILE_OR_GALLERY_NAME")],
    dialect: Annotated[str, typer.Option(help="numpy, autograd, torch or tensorflow.")] = "torch",
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="A setting.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A file for it, instead of stdout.")] = None,
) -> int:
    """Print the experiment as a short Python script that runs on its own. Exit status: 0 or 2."""
    begins = bool(settings) or is_table(experiment)
    saved = SavedExperiment(_edited(experiment, settings), None) if begins else with_its_run(experiment)
    return print_script(saved, dialect, out)


@cli.command("basins")
def basins_command(
    experiment: Annotated[str, typer.Argument(metavar="FILE_OR_GALLERY_NAME")],
    grid: Annotated[int, typer.Option(min=2, max=2000, help="Starts along each axis.")] = 96,
    steps: Annotated[int | None, typer.Option(min=1, help="At most so many updates of each start.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="A setting.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A PNG file for the map.")] = None,
    as_json: AsJson = False,
) -> int:
    """Run the first optimiser from many starts at once, and count which of them end where. Exit status: 0 or 2."""
    from gradviz.app.commands.basins_command import print_basins
    from gradviz.core.questions.basins import MapBasins

    edited = _edited(experiment, settings)
    return print_basins(edited, MapBasins(grid=grid, steps=steps), as_json, out)


@cli.command("graph")
def graph_command(
    experiment: Annotated[str, typer.Argument(metavar="FILE_OR_GALLERY_NAME")],
    step: Annotated[int, typer.Option(min=0, help="Optimiser updates before the graph is traced.")] = 0,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="A setting.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A file for it: .svg, .png, .pdf, .html, .json or .dot.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="In a picture draw shared parameters once, not beside each use.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Trace the graph of the loss at a step, with what every edge passes back. Exit status: 0 or 2."""
    from gradviz.app.commands.graph_command import print_graph

    return print_graph(_edited(experiment, settings), step, as_json, out, once)


@cli.command("step")
def step_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A Python script.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGUMENT", help="What the script is given.")] = None,
    limit: Annotated[int, typer.Option(min=16, help="At most so many events are kept: loops are thinned.")] = 100_000,
    seconds: Annotated[float, typer.Option(min=0, help="End the script after so long; 0: never.")] = 600,
    python: Annotated[str, typer.Option(metavar="PATH", help="The Python that runs it, instead of gradviz's.")] = "",
    as_json: AsJson = False,
) -> int:
    """Run a PyTorch script line by line, and tell what each line changed.

    Naming a script runs it. Exit status: 0 it ran to its end, 3 it failed or was ended, 2 a mistake.
    """
    from gradviz.app.commands.step_command import print_steps

    return print_steps(file, arguments or [], limit, seconds, python, as_json)


@cli.command("selftest")
def selftest_command() -> int:
    """Open the window, run 50 steps of each gallery experiment, check the views. Exit status: 0 or 1."""
    from gradviz.app.commands.selftest import run_selftest

    return run_selftest()


@cli.callback(invoke_without_command=True)
def _callback(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> int:
    if version:
        show(f"gradviz {gradviz.__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        return open_command()
    return 0


def _edited(name: str, settings: list[str] | None) -> Document:
    """The document of that name, whatever its run, or that of a table, with ``path=value`` settings."""
    if is_table(name):
        return with_settings(table_run(name, "", [], "").document, settings or [])
    return with_settings(find_experiment(name, without_run=True).document, settings or [])


def run_command_line(arguments: list[str]) -> int:
    """Run a command; a user's mistake is one sentence on stderr and exit status 2."""
    trace_to_stderr()
    is_file = not arguments[0].startswith("-") and arguments[0] not in COMMANDS
    if is_file and not Path(arguments[0]).suffix and not os.path.exists(arguments[0]):
        say(f"gradviz: There is no command and no file named {arguments[0][:60]!r}. See: gradviz --help")
        return MISTAKE
    given = ["open", *arguments] if is_file or arguments[0] == "--reset-layout" else arguments
    try:
        status = cli(given, standalone_mode=False)
    except ReaderGoneError:
        return MISTAKE
    except GradvizError as error:
        say(f"gradviz: {error}")
        return MISTAKE
    except typer.TyperException as error:
        say(f"gradviz: {_message(error)}")
        return MISTAKE
    except OSError as error:  # what typer itself writes; storage makes FileErrors of its own
        say(f"gradviz: Nothing can be written here. {cause_of(error)}")
        give_up_stdout()
        return MISTAKE
    except RuntimeError as error:
        if not is_of_torch(error):
            raise
        say(f"gradviz: PyTorch stopped the run ({one_line(str(error), 200)}).")
        return DIVERGED
    except (typer.Abort, KeyboardInterrupt):
        say("gradviz: stopped.")
        return 130
    return status if isinstance(status, int) else 0


def _message(error: Exception) -> str:
    """The sentence of a command line that could not be read."""
    format_message = getattr(error, "format_message", None)
    text = str(format_message() if format_message else error).rstrip(".")
    return f"{text}. See: gradviz --help"
