"""The layers and wings of design.md section 2, kept by reading imports and by importing in fresh processes.

A layer is a folder of wings, a wing a folder of modules with one subject.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "gradviz"
MODULES = sorted(PACKAGE.rglob("*.py"))
LAYERS = ("core", "engine", "scripts", "storage", "views", "app")
MAY_IMPORT = {
    "core": {"core"},
    "engine": {"core", "engine"},
    "scripts": {"core", "scripts"},
    "storage": {"core", "storage"},
    "views": {"core", "views"},
    "app": set(LAYERS),
}
OUTSIDE = {
    "core": {"components", "declaration", "numbers", "problems", "seeds", "words"},
    "engine": {"compiler", "devices", "problems", "summaries"},
    "scripts": {"problems"},
    "storage": {"atomic_write", "foreign_files", "problems"},
    "views": set(),
    "app": {"main", "public"},
}
"""The modules that all wings of a layer need: each may be imported by any wing, and imports none (but main, which
begins everything). `public` holds the functions of `gradviz.__all__`, over engine, scripts and storage."""
WINGS = {
    "core": {
        "formulas": set(),
        "layers": set(),
        "tables": set(),
        "layout": set(),
        "glossary": set(),
        "tape": {"glossary", "layout"},
        "graph": {"tape"},
        "stepping": set(),
        "optimizers": {"formulas"},
        "data": {"layers", "tables"},
        "objectives": {"data", "formulas", "layers"},
        "runs": {"optimizers"},
        "document": {"data", "formulas", "layers", "objectives", "optimizers", "runs", "tables"},
        "questions": {"graph", "runs", "tape"},
    },
    "engine": {
        "objectives": set(),
        "training": {"objectives"},
        "tape": {"objectives"},
        "recorder": set(),
        "stepping": set(),
        "bench": {"objectives"},
        "surfaces": {"objectives", "training"},
        "evidence": {"objectives", "training"},
        "stops": {"evidence"},
        "blocks": {"evidence"},
        "stalls": {"evidence"},
        "answers": {
            "bench",
            "blocks",
            "evidence",
            "objectives",
            "stalls",
            "stops",
            "surfaces",
            "tape",
            "training",
        },
        "runs": {"answers", "training"},
    },
    "scripts": {
        "language": set(),
        "steps": {"language"},
        "pages": {"language", "steps"},
    },
    "storage": {
        "experiments": set(),
        "shipped": {"experiments"},
        "tables": {"experiments"},
        "user": {"experiments"},
        "recovery": {"experiments", "user"},
    },
    "views": {
        "kit": set(),
        "form": {"kit"},
        "graph": {"kit"},
        "pages": set(),
        "surface": {"kit"},
        "plots": {"kit"},
        "tables": {"kit"},
        "bench": {"form", "kit"},
        "panes": {"kit"},
        "script": {"kit"},
        "shell": {"kit"},
    },
    "app": {
        "process": set(),
        "tracing": {"process"},
        "runs": set(),
        "window": {"process", "runs"},
        "panes": {"process", "window"},
        "opening": {"panes", "process", "runs", "window"},
        "commands": {"opening", "process", "tracing", "window"},
    },
}
"""Which wings of its own layer a wing may import: arrows go one way."""
QT = {"PySide6", "shiboken6", "pyqtgraph", "OpenGL", "pytestqt"}
THREADS = {"threading", "_thread", "concurrent", "multiprocessing", "queue", "asyncio"}
FILE_METHODS = {"read_text", "write_text", "read_bytes", "write_bytes", "unlink", "mkdir", "touch", "rmdir", "fdopen"}
PUBLIC = ("gradviz", "gradviz.__version__", "gradviz.APP_ID")
"""What a layer may import of the package itself: no layer uses the public face, which is for others."""
FACE = PACKAGE / "__init__.py"
EXECUTING = {"eval", "exec", "compile", "__import__"}


CRASH = PACKAGE / "app" / "process" / "crash.py"
RUNNER = PACKAGE / "engine" / "runs" / "runner.py"
ERRAND = PACKAGE / "app" / "process" / "errand.py"
"""Work that the window does not wait for: reading files, which the engine knows nothing of."""
WATCHDOG = PACKAGE / "app" / "process" / "watchdog.py"
"""A process of its own, in which a thread waits for the window's beats: no system but POSIX can wait for a pipe."""
RECORDER = PACKAGE / "engine" / "recorder"
"""The child that steps a script: it runs in a process of its own, in the Python that the user chose, and runs code."""
CHILD = PACKAGE / "engine" / "stepping" / "child.py"
"""Where the one child process of the engine is started, heard and ended."""
BUILT_BY_TORCH = {PACKAGE / "core" / name for name in ("layers/modules.py", "optimizers/hand_step.py")}
"""Modules of core that a builder imports when it builds: torch's own classes are their bases."""


@dataclass(frozen=True)
class Import:
    """One import statement: where it stands, and whether it runs when the module is imported."""

    path: Path
    line: int
    name: str
    in_function: bool
    for_types_only: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.name}"


def layer_of(path: Path) -> str:
    """The folder below gradviz; empty for the package's own modules."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def wing_of(path: Path) -> str:
    """The folder below the layer; empty for a module that stands outside a wing."""
    parts = path.relative_to(PACKAGE).parts
    return parts[1] if len(parts) > 2 else ""


def dotted(path: Path) -> str:
    """The name by which a module is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of(path: Path) -> list[Import]:
    return list(_imports(path, ast.parse(path.read_text(encoding="utf-8")), False, False))


def _imports(path: Path, node: ast.AST, in_function: bool, types_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(path, child.lineno, alias.name, in_function, types_only)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0 or (child.level == 1 and path.parent == RECORDER), f"{path}: relative import"
            module = child.module if child.level == 0 else f"{dotted(path.parent)}.{child.module}"
            for alias in child.names:
                yield Import(path, child.lineno, f"{module}.{alias.name}", in_function, types_only)
        else:
            inner = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from _imports(path, child, inner, types_only or guarded)


@cache
def all_imports() -> list[Import]:
    """Read when a test first asks: every worker collects this file, and few run its tests."""
    return [found for path in MODULES for found in imports_of(path)]


def calls_of(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def top(name: str) -> str:
    return name.split(".", 1)[0]


def test_the_import_reader_sees_every_kind_of_import(tmp_path: Path) -> None:
    made = tmp_path / "made.py"
    made.write_text(
        "import a.b\nfrom c import d\nif TYPE_CHECKING:\n    import e\ndef f():\n    if 1:\n        from g import h\n"
        "class K:\n    import i\n"
    )
    found = [(one.name, one.in_function, one.for_types_only) for one in imports_of(made)]
    assert found == [
        ("a.b", False, False),
        ("c.d", False, False),
        ("e", False, True),
        ("g.h", True, False),
        ("i", False, False),
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_imports_only_the_layers_below_it(layer: str) -> None:
    ours = [one for one in all_imports() if layer_of(one.path) == layer and top(one.name) == "gradviz"]
    assert any(ours), f"{layer} imports nothing of gradviz: the test looks at the wrong place"
    siblings = [one for one in ours if one.name.count(".") >= 2 and one.name.split(".")[1] not in MAY_IMPORT[layer]]
    own_version = [one for one in ours if one.name.count(".") < 2 and one.name not in PUBLIC]
    assert not siblings + own_version, "\n".join(map(str, siblings + own_version))


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_stands_outside_a_wing_but_those_named(layer: str) -> None:
    outside = {path.stem for path in (PACKAGE / layer).glob("*.py")} - {"__init__"}
    assert outside == OUTSIDE[layer]
    assert {path.parent.name for path in (PACKAGE / layer).glob("*/__init__.py")} == set(WINGS[layer])
    assert not list((PACKAGE / layer).glob("*/*/*.py")), "a wing has no folders"


@pytest.mark.parametrize(("layer", "wing"), [(layer, wing) for layer, wings in WINGS.items() for wing in wings])
def test_wing_imports_only_the_wings_that_it_may(layer: str, wing: str) -> None:
    inside = [one for one in all_imports() if (layer_of(one.path), wing_of(one.path)) == (layer, wing)]
    named = [(one, one.name.split(".")[2]) for one in inside if one.name.startswith(f"gradviz.{layer}.")]
    allowed = WINGS[layer][wing] | {wing} | (OUTSIDE[layer] - {"main"})
    assert not [str(one) for one, part in named if part not in allowed]
    used = {part for _, part in named if part in WINGS[layer]} - {wing}
    assert used == WINGS[layer][wing], "the table allows what nobody needs"


@pytest.mark.parametrize("layer", LAYERS)
def test_the_arrows_between_wings_go_one_way(layer: str) -> None:
    reached: set[str] = set()
    for wing, below in WINGS[layer].items():
        assert below <= reached, f"{layer}/{wing} stands above what it imports"
        reached.add(wing)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even late, or for their types alone; but the public face, which imports nothing, names types of others."""
    names = {dotted(path).removesuffix(".__init__") for path in MODULES}
    edges: dict[str, set[str]] = {name: set() for name in names}
    for one in (one for one in all_imports() if one.path != FACE):
        module = one.name if one.name in names else one.name.rpartition(".")[0]
        own = dotted(one.path).removesuffix(".__init__")
        if module in names and module != own:
            edges[own].add(module)
    while ends := {name for name, found in edges.items() if not found}:
        edges = {name: found - ends for name, found in edges.items() if name not in ends}
    assert not edges, f"in a circle, or above one: {sorted(edges)}"


def test_the_public_face_imports_nothing_of_gradviz_but_types() -> None:
    named = [one for one in all_imports() if one.path == FACE and top(one.name) == "gradviz"]
    assert named
    assert all(one.for_types_only for one in named)


@pytest.mark.parametrize("layer", LAYERS)
def test_what_all_wings_need_needs_none_of_them(layer: str) -> None:
    names = OUTSIDE[layer] - {"main"}
    outside = [one for one in all_imports() if one.path.parent == PACKAGE / layer and one.path.stem in names]
    own = [one for one in outside if one.name.startswith(f"gradviz.{layer}.")]
    assert not [str(one) for one in own if one.name.split(".")[2] not in names]


def test_qt_only_in_views_and_app() -> None:
    users = [one for one in all_imports() if top(one.name) in QT]
    assert {layer_of(one.path) for one in users} == {"views", "app"}, "\n".join(map(str, users))


def test_torch_only_in_engine_in_the_builders_of_core_and_for_the_tensors_of_a_pt_file() -> None:
    users = [one for one in all_imports() if top(one.name) in ("torch", "safetensors.torch")]
    assert any(layer_of(one.path) == "engine" for one in users)
    allowed = [
        one
        for one in users
        if layer_of(one.path) == "engine"
        or (layer_of(one.path) == "core" and (one.in_function or one.for_types_only))
        or (one.path == PACKAGE / "storage" / "experiments" / "weights.py" and one.in_function)
        or one.path in BUILT_BY_TORCH
    ]
    assert users == allowed, "\n".join(str(one) for one in users if one not in allowed)


@pytest.mark.parametrize("path", sorted(BUILT_BY_TORCH), ids=lambda path: path.stem)
def test_what_needs_torch_in_core_is_imported_by_a_builder_alone(path: Path) -> None:
    users = [one for one in all_imports() if one.name.startswith(dotted(path))]
    assert users
    assert all(layer_of(one.path) == "engine" or (one.in_function and layer_of(one.path) == "core") for one in users)


def test_threads_only_in_the_runner_in_errands_and_in_the_watchdog() -> None:
    users = [
        one for one in all_imports() if top(one.name) in THREADS or one.name.endswith((".QThread", ".QThreadPool"))
    ]
    inside = {path for path in RECORDER.glob("*.py") if any(one.path == path for one in users)}
    assert inside
    assert {one.path for one in users} - inside == {RUNNER, CRASH, ERRAND, WATCHDOG}, "\n".join(map(str, users))


def test_the_engine_starts_one_child_and_the_recorder_is_it() -> None:
    users = [one for one in all_imports() if top(one.name) == "subprocess" and layer_of(one.path) in ("core", "engine")]
    assert {one.path for one in users} == {CHILD}
    named = [one for one in all_imports() if one.name.startswith("gradviz.engine.recorder")]
    outside = {one.path for one in named if one.path.parent != RECORDER}
    assert outside == {PACKAGE / "app" / "main.py"}, "the packaged program alone is its own recorder"


def test_the_recorder_needs_nothing_but_python_and_reads_as_python_3_9() -> None:
    """It runs in the environment of whoever wrote the script; PyTorch is looked at once the script has imported it."""
    ours = [one for one in all_imports() if one.path.parent == RECORDER]
    names = {one.name.rpartition(".")[0] for one in ours if top(one.name) == "gradviz"}
    assert names
    assert all(name.startswith("gradviz.engine.recorder") for name in names)
    assert {top(one.name) for one in ours} <= {*sys.stdlib_module_names, "gradviz"}
    for path in RECORDER.glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_the_crash_log_hears_of_threads_and_makes_none() -> None:
    named = [node for node in ast.walk(ast.parse(CRASH.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in named if ast.unparse(node.value) == "threading"}
    assert used == {"excepthook", "ExceptHookArgs"}


@pytest.mark.parametrize("layer", ["core", "engine", "scripts", "views"])
def test_layer_opens_no_files(layer: str) -> None:
    opened = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in MODULES
        if layer_of(path) == layer and path.parent != RECORDER
        for call in calls_of(path)
        if (isinstance(call.func, ast.Name) and call.func.id == "open")
        or (isinstance(call.func, ast.Attribute) and call.func.attr in FILE_METHODS)
        or ast.unparse(call.func) in ("os.open", "io.open", "np.load", "np.save", "torch.load", "torch.save")
    ]
    assert not opened, opened


def test_nothing_is_evaluated_or_compiled() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in MODULES
        if path.parent != RECORDER
        for call in calls_of(path)
        if (isinstance(call.func, ast.Name) and call.func.id in EXECUTING)
        or (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "builtins")
    ]
    assert not found, found


def test_every_module_has_a_docstring() -> None:
    without = [path.name for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not without, without


def test_every_gallery_file_has_a_case_and_its_texts_in_two_languages() -> None:
    files = sorted((ROOT / "assets" / "experiments").glob("*.json"))
    assert files
    for path in files:
        data = json.loads(path.read_text(encoding="utf-8"))
        assert data["format"] == 3, path.name
        lesson = data["lesson"]
        assert list(data) == ["format", "lesson", "experiment"], path.name
        assert list(lesson["texts"]) == ["en", "zh"], path.name
        for texts in lesson["texts"].values():
            assert texts["title"], path.name
            assert texts["hint"], path.name
            assert texts["lesson"].count("\n\n") == 2, path.name
        assert lesson["case"], path.name


def loaded_after(code: str) -> set[str]:
    """The top-level names of sys.modules in a fresh process that has run `code`."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return set(json.loads(ended.stdout.splitlines()[-1]))


def names_of(*layers: str) -> list[str]:
    paths = [path for path in MODULES if layer_of(path) in layers and path.stem != "__init__"]
    return [dotted(path) for path in paths]


def import_code(names: list[str]) -> str:
    return "\n".join(f"import {name}" for name in names)


def test_core_engine_and_storage_never_import_qt() -> None:
    loaded = loaded_after(import_code(names_of("core", "engine", "storage")))
    assert "torch" in loaded, "the engine was not imported"
    assert not loaded & QT


def test_core_and_storage_never_import_torch() -> None:
    builders = {dotted(path) for path in BUILT_BY_TORCH}
    names = [name for name in names_of("core", "storage") if name not in builders]
    assert not loaded_after(import_code(names)) & ({"torch"} | QT)


def test_the_watchdog_needs_nothing_but_python() -> None:
    """It starts without the packages that are installed, and must be there before anything hangs."""
    ours = {one.name.rpartition(".")[0] for one in imports_of(WATCHDOG) if top(one.name) == "gradviz"}
    assert ours == {"gradviz.storage.recovery.lines"}
    lines = PACKAGE / "storage" / "recovery" / "lines.py"
    assert {top(one.name) for one in [*imports_of(WATCHDOG), *imports_of(lines)]} <= {
        *sys.stdlib_module_names,
        "gradviz",
    }


def test_importing_gradviz_loads_nothing() -> None:
    heavy = {"torch", "numpy", "pydantic", "safetensors"} | QT
    assert not loaded_after("import gradviz; dir(gradviz); gradviz.__version__") & heavy
    assert "pydantic" in loaded_after("import gradviz; gradviz.Experiment"), "what is loaded would not be seen"


def test_reading_and_writing_files_from_python_loads_no_torch_and_nothing_loads_qt() -> None:
    assert not loaded_after("from gradviz import *; load('himmelblau')") & ({"torch"} | QT)
    trained = loaded_after("import gradviz; gradviz.run(gradviz.load('himmelblau').experiment, steps=1)")
    assert "torch" in trained
    assert not trained & QT


def test_what_a_surface_view_shows_is_known_without_qt() -> None:
    loaded = loaded_after("import gradviz.views.surface.surface_picture")
    assert "numpy" in loaded
    assert not loaded & (QT | {"torch"})


def test_the_window_can_be_painted_before_torch_and_pyqtgraph() -> None:
    code = "import gradviz.app.opening.startup, gradviz.app.window.main_window, gradviz.app.panes.pane as panes"
    loaded = loaded_after(f"{code}\npanes.Panes()")
    assert "PySide6" in loaded
    assert not loaded & {"torch", "pyqtgraph", "OpenGL"}
