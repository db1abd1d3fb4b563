"""Who does what a menu offers."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.app.window.appearance import Appearance
from gradviz.app.window.crash_reports import CrashReports
from gradviz.app.window.data_entry import DataEntry
from gradviz.app.window.documents import Documents
from gradviz.app.window.exports import Exports
from gradviz.app.window.saving import Saving
from gradviz.app.window.script_desk import ScriptDesk
from gradviz.app.window.scripting import Scripting
from gradviz.app.window.weight_files import WeightFiles
from gradviz.app.window.window_controller import WindowController


@dataclass(frozen=True, slots=True)
class Owners:
    """The parts of a window whose methods without arguments are actions of its menus."""

    controller: WindowController
    documents: Documents
    saving: Saving
    weights: WeightFiles
    exports: Exports
    data_entry: DataEntry
    scripting: Scripting
    scripts: ScriptDesk
    appearance: Appearance
    crash_reports: CrashReports
