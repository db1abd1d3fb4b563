"""gradviz: see automatic differentiation and optimisation, in PyTorch's own numbers.

What Python code may use is in `__all__`, and each name is loaded when it is used first: `import gradviz` loads neither
torch nor Qt. docs/python.md shows each of them.
"""

TYPE_CHECKING = False  # that of typing, which takes longer to import than all of this
if TYPE_CHECKING:
    from gradviz.app.public import basins, bench, load, replay, run, save, script
    from gradviz.app.tracing.functions import trace, watching
    from gradviz.app.tracing.showing import show
    from gradviz.core.document.experiment import Experiment
    from gradviz.core.problems import GradvizError

__version__ = "0.3.0"
APP_ID = "org.gradviz.gradviz"
"""The name by which desktops know the program: its menu entry, its icon, its bundle."""

__all__ = [
    "Experiment", "GradvizError", "basins", "bench", "load", "replay", "run", "save", "script", "show", "trace",
    "watching",
]  # fmt: skip

_ELSEWHERE = {
    "Experiment": "gradviz.core.document.experiment",
    "GradvizError": "gradviz.core.problems",
    "show": "gradviz.app.tracing.showing",
    "trace": "gradviz.app.tracing.functions",
    "watching": "gradviz.app.tracing.functions",
}

if not TYPE_CHECKING:  # a type checker would take every name for one that is here

    def __getattr__(name: str) -> object:
        """Load what `__all__` names, once (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module 'gradviz' has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module(_ELSEWHERE.get(name, "gradviz.app.public")), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
