"""The names of the commands, apart from the commands themselves, whose libraries a window must not wait for."""

COMMANDS = frozenset({"open", "run", "check", "replay", "gallery", "script", "basins", "graph", "step", "selftest"})
"""Those of gradviz.app.commands.cli."""
