"""The menus: one table of actions with their shortcuts, the single source for menu, help and docs/keys.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One entry of a menu. `name` is the method of the window's controller that it calls."""

    menu: str
    name: str
    text: str
    shortcuts: tuple[str, ...] = ()
    tip: str = ""


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("&File", "new_experiment", "&New experiment", ("Ctrl+N",)),
    ActionSpec("&File", "ask_open", "&Open…", ("Ctrl+O",)),
    ActionSpec("&File", "save", "&Save", ("Ctrl+S",)),
    ActionSpec("&File", "ask_save_as", "Save &as…", ("Ctrl+Shift+S",)),
    ActionSpec("&File", "ask_import", "&Import data…", ("Ctrl+I",)),
    ActionSpec("&File", "ask_import_weights", "Import &weights…", (), "Begin with the weights of a file"),
    ActionSpec("&File", "ask_export_weights", "Export weigh&ts…", (), "As safetensors, or as a state_dict (.pt)"),
    ActionSpec("&File", "ask_export_history", "&Export history as CSV…", ("Ctrl+E",)),
    ActionSpec("&File", "ask_export_script", "Export s&cript…"),
    ActionSpec("&File", "ask_export_pictures", "Export &pictures of all views…"),
    ActionSpec("&File", "quit", "&Quit", ("Ctrl+Q",)),
    ActionSpec("&Edit", "undo", "&Undo", ("Ctrl+Z",)),
    ActionSpec("&Edit", "redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("&Edit", "copy_script", "&Copy the script", ("Ctrl+Shift+C",)),
    ActionSpec("&Data", "edit_table", "&Edit table…", ("Ctrl+T",), "Type or paste what a model is fitted to"),
    ActionSpec("&Run", "toggle_run", "&Run or pause", ("Space", "F5")),
    ActionSpec("&Run", "step_forward", "&Step", ("Ctrl+Right",)),
    ActionSpec("&Run", "step_back", "Step &back", ("Ctrl+Left",)),
    ActionSpec("&Run", "reset", "R&eset", ("Ctrl+R",), "Step 0 again, with the same initial values"),
    ActionSpec(
        "&Run", "check_gradient", "&Check the gradient", ("Ctrl+B",), "By hand, finite difference, autograd, symbols"
    ),
    ActionSpec("&View", "toggle_log_scale", "&Log scale of the curves", ("Ctrl+L",)),
    ActionSpec("&View", "toggle_three_dimensions", "Surface in &3-D", ("Ctrl+D",), "Off: as contours, seen from above"),
    ActionSpec("&View", "fit_graph", "&Fit the graph", ("Ctrl+0",)),
    ActionSpec("&View", "use_system_theme", "Colours of the &system"),
    ActionSpec("&View", "use_light_theme", "L&ight colours"),
    ActionSpec("&View", "use_dark_theme", "Dar&k colours"),
    ActionSpec("&View", "use_system_language", "Lessons in the language of the s&ystem"),
    ActionSpec("&View", "use_english", "Lessons in &English"),
    ActionSpec("&View", "use_chinese", "Lessons in &Chinese (中文课文)"),
    ActionSpec("&View", "reset_layout", "&Reset layout"),
    ActionSpec("&View", "toggle_full_screen", "F&ull screen", ("F11",)),
    ActionSpec("&Help", "show_shortcuts", "&Keyboard shortcuts", ("F1",)),
    ActionSpec("&Help", "show_crash_log", "Last &crash log"),
    ActionSpec("&Help", "show_about", "&About gradviz"),
)
SEPARATED_BEFORE = frozenset(
    {"ask_import", "ask_export_history", "quit", "use_system_theme", "use_system_language", "reset_layout"}
)


def build_menus(
    window: QMainWindow, bar: QMenuBar, handlers: tuple[object, ...]
) -> tuple[dict[str, QAction], dict[str, QMenu]]:
    """Fill `bar`; returns actions and menus by name.

    An action calls the method of its name of the first handler that has one.
    """
    actions: dict[str, QAction] = {}
    menus: dict[str, QMenu] = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menus[spec.menu] = bar.addMenu(spec.menu)
        menu = menus[spec.menu]
        if spec.name in SEPARATED_BEFORE:
            menu.addSeparator()
        action = QAction(spec.text, window)
        action.setShortcuts([QKeySequence(shortcut) for shortcut in spec.shortcuts])
        if spec.tip:
            action.setStatusTip(spec.tip)
        action.triggered.connect(
            _caller(next(getattr(handler, spec.name) for handler in handlers if hasattr(handler, spec.name)))
        )
        menu.addAction(action)
        actions[spec.name] = action
    return actions, menus


def _caller(method: Callable[[], None]) -> Callable[[bool], None]:
    """A slot that drops the checked state of `triggered`."""

    def call(_checked: bool = False) -> None:
        method()

    return call


def shortcut_table() -> str:
    """All shortcuts as lines, for the help."""
    rows = [(" or ".join(spec.shortcuts), spec.text.replace("&", "").rstrip("…")) for spec in ACTIONS if spec.shortcuts]
    rows += [
        ("F, double click", "Fit the graph (in the graph)"),
        ("+  −  arrows", "Zoom, and walk from node to node (in the graph)"),
        ("arrows", "Turn the surface (in the surface)"),
        ("double click", "Start there (in the surface)"),
        ("up, down", "Change the leading digit (in a number of the form)"),
    ]
    return "\n".join(f"{keys:<24}{text}" for keys, text in rows)
