"""The menus: one table of actions with their shortcuts, the single source for menu, help and docs/keys.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradviz.app.opening.owners import Owners


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One entry of a menu: its name among the actions, and whose method it calls."""

    menu: str
    name: str
    method: Callable[[Owners], Callable[[], None]]
    text: str
    shortcuts: tuple[str, ...] = ()
    tip: str = ""


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("&File", "new_experiment", lambda own: own.documents.new_experiment, "&New experiment", ("Ctrl+N",)),
    ActionSpec(
        "&File",
        "new_script",
        lambda own: own.scripts.new_script,
        "New scrip&t",
        ("Ctrl+Shift+N",),
        "Write or paste a PyTorch script, and step through it line by line",
    ),
    ActionSpec("&File", "ask_open", lambda own: own.documents.ask_open, "&Open…", ("Ctrl+O",)),
    ActionSpec(
        "&File",
        "go_back",
        lambda own: own.documents.go_back,
        "&Back to what was open before",
        ("Alt+Left",),
        "With its undo and its run; again goes forth",
    ),
    ActionSpec("&File", "save", lambda own: own.saving.save, "&Save", ("Ctrl+S",)),
    ActionSpec("&File", "ask_save_as", lambda own: own.saving.ask_save_as, "Save &as…", ("Ctrl+Shift+S",)),
    ActionSpec("&File", "ask_import", lambda own: own.data_entry.ask_import, "&Import data…", ("Ctrl+I",)),
    ActionSpec(
        "&File",
        "ask_import_weights",
        lambda own: own.weights.ask_import_weights,
        "Import &weights…",
        (),
        "Begin with the weights of a file",
    ),
    ActionSpec(
        "&File",
        "ask_export_weights",
        lambda own: own.weights.ask_export_weights,
        "Export weigh&ts…",
        (),
        "As safetensors, or as a state_dict (.pt)",
    ),
    ActionSpec(
        "&File",
        "ask_export_history",
        lambda own: own.exports.ask_export_history,
        "&Export history as CSV…",
        ("Ctrl+E",),
    ),
    ActionSpec("&File", "ask_export_script", lambda own: own.scripting.ask_export_script, "Export s&cript…"),
    ActionSpec(
        "&File",
        "ask_export_pictures",
        lambda own: own.exports.ask_export_pictures,
        "Export &pictures of all views…",
    ),
    ActionSpec("&File", "quit", lambda own: own.controller.quit, "&Quit", ("Ctrl+Q",)),
    ActionSpec("&Edit", "undo", lambda own: own.controller.undo, "&Undo", ("Ctrl+Z",)),
    ActionSpec("&Edit", "redo", lambda own: own.controller.redo, "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("&Edit", "copy_script", lambda own: own.scripting.copy_script, "&Copy the script", ("Ctrl+Shift+C",)),
    ActionSpec(
        "&Data",
        "edit_table",
        lambda own: own.data_entry.edit_table,
        "&Edit table…",
        ("Ctrl+T",),
        "Type or paste what a model is fitted to",
    ),
    ActionSpec(
        "&Data",
        "import_data",
        lambda own: own.data_entry.import_data,
        "&Import a file…",
        (),
        "Rows of text, a workbook or a Parquet file; also File, Import data",
    ),
    ActionSpec(
        "&Data",
        "import_clipboard",
        lambda own: own.data_entry.import_clipboard,
        "Import from the cli&pboard…",
        ("Ctrl+Shift+V",),
        "Rows that were copied in a spreadsheet, a page or a text",
    ),
    ActionSpec("&Run", "toggle_run", lambda own: own.controller.toggle_run, "&Run or pause", ("Space", "F5")),
    ActionSpec("&Run", "step_forward", lambda own: own.controller.step_forward, "&Step", ("Ctrl+Right",)),
    ActionSpec("&Run", "step_back", lambda own: own.controller.step_back, "Step &back", ("Ctrl+Left",)),
    ActionSpec(
        "&Run",
        "reset",
        lambda own: own.controller.reset,
        "R&eset",
        ("Ctrl+R",),
        "Step 0 again, with the same initial values",
    ),
    ActionSpec(
        "&Run",
        "check_gradient",
        lambda own: own.controller.check_gradient,
        "&Check the gradient",
        ("Ctrl+B",),
        "By hand, finite difference, autograd, symbols",
    ),
    ActionSpec(
        "&Run",
        "choose_python",
        lambda own: own.scripts.choose_python,
        "&Python of scripts…",
        (),
        "That of an environment with the packages which a script imports",
    ),
    ActionSpec(
        "&View",
        "toggle_log_scale",
        lambda own: own.appearance.toggle_log_scale,
        "&Log scale of the curves",
        ("Ctrl+L",),
    ),
    ActionSpec(
        "&View",
        "toggle_three_dimensions",
        lambda own: own.appearance.toggle_three_dimensions,
        "Surface in &3-D",
        ("Ctrl+D",),
        "Off: as contours, seen from above",
    ),
    ActionSpec("&View", "fit_graph", lambda own: own.appearance.fit_graph, "&Fit the graph", ("Ctrl+0",)),
    ActionSpec(
        "&View",
        "walk_graph",
        lambda own: own.appearance.walk_graph,
        "Step thr&ough the graph",
        ("Ctrl+J",),
        "One node at a time, forwards and through the backward pass",
    ),
    ActionSpec("&View", "use_system_theme", lambda own: own.appearance.use_system_theme, "Colours of the &system"),
    ActionSpec("&View", "use_light_theme", lambda own: own.appearance.use_light_theme, "L&ight colours"),
    ActionSpec("&View", "use_dark_theme", lambda own: own.appearance.use_dark_theme, "Dar&k colours"),
    ActionSpec(
        "&View",
        "use_system_language",
        lambda own: own.appearance.use_system_language,
        "Lessons in the language of the s&ystem",
    ),
    ActionSpec("&View", "use_english", lambda own: own.appearance.use_english, "Lessons in &English"),
    ActionSpec("&View", "use_chinese", lambda own: own.appearance.use_chinese, "Lessons in &Chinese (中文课文)"),
    ActionSpec("&View", "reset_layout", lambda own: own.appearance.reset_layout, "&Reset layout"),
    ActionSpec("&View", "toggle_full_screen", lambda own: own.appearance.toggle_full_screen, "F&ull screen", ("F11",)),
    ActionSpec("&Help", "show_shortcuts", lambda own: own.controller.show_shortcuts, "&Keyboard shortcuts", ("F1",)),
    ActionSpec("&Help", "show_crash_log", lambda own: own.crash_reports.show_crash_log, "Last &crash log"),
    ActionSpec("&Help", "show_about", lambda own: own.controller.show_about, "&About gradviz"),
)
SEPARATED_BEFORE = frozenset(
    {"ask_import", "ask_export_history", "quit", "use_system_theme", "use_system_language", "reset_layout"}
)


def shortcut_table() -> str:
    """All shortcuts as lines, for the help."""
    rows = [(" or ".join(spec.shortcuts), spec.text.replace("&", "").rstrip("…")) for spec in ACTIONS if spec.shortcuts]
    rows += [
        ("F, double click", "Fit the graph (in the graph)"),
        ("+  −  arrows", "Zoom, and walk from node to node (in the graph)"),
        ("Enter, Backspace", "Open a group or a node's card, close the group around (in the graph)"),
        ("M", "The menu with all keys of the graph (in the graph)"),
        ("W", "Step through the graph (in the graph)"),
        ("J, L, A", "One node back, one on, play (while stepping through the graph)"),
        ("B, T, Home, End", "Other pass, chosen node, start, end (while stepping through the graph)"),
        ("1, 2, 3", "retain_graph, backward() twice, create_graph (while stepping through the graph)"),
        ("Ctrl+Enter", "Run the script (in the script)"),
        ("J, L, O", "One line back, one on, one on without calls (while stepping through a script)"),
        ("P, N", "Last pass of the loop, next one (while stepping through a script)"),
        ("T, C, B", "To the cursor, to a breakpoint, set one (while stepping through a script)"),
        ("A, [ ], Home, End", "Play, slower, faster, first line, last (while stepping through a script)"),
        ("E, Escape", "Edit the script (while stepping through a script)"),
        ("arrows", "Turn the surface (in the surface)"),
        ("double click", "Start there (in the surface)"),
        ("up, down", "Change the leading digit (in a number of the form)"),
    ]
    return "\n".join(f"{keys:<24}{text}" for keys, text in rows)
