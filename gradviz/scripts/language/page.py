"""The page that a script is written on: lines that fit, the imports that they need, the helpers that they call."""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from gradviz.scripts.language.dialects import Library

WIDTH = 100
_IMPORTS = (
    ("json", r"(?<![\w.])json\.", "import json"),
    ("math", r"(?<![\w.])math\.", "import math"),
    ("", "", ""),
    ("numpy", r"(?<![\w.])np\.", "import numpy as np"),
    ("tensorflow", r"(?<![\w.])tf\.", "import tensorflow as tf"),
    ("torch", r"(?<![\w.])torch\.", "import torch"),
    ("nn", r"(?<![\w.])nn\.", "from torch import nn"),
)
_TAKEN = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"l", "O", "I"}
_OF_SCRIPTS = frozenset(
    re.findall(
        r"\w+",
        "json math np tf torch nn random steps step first last reached parameters gradients optimizer scheduler model "
        "criterion evaluate train batches rows order device result results closure asked known kept changes named tape "
        "ByHand make_optimizer make_scheduler zero_grad clip groups scaler weights",
    )
)
"""Names that scripts have of their own; those of a rule, of a library's helpers and of data come besides."""


def safe_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """What each name of a formula is called in a script: itself, with an underscore where that is taken.

    Python takes names for one that differ in their letters' form alone.
    """
    used = _TAKEN | _OF_SCRIPTS | frozenset(taken)
    found: dict[str, str] = {}
    for name in names:
        safe = unicodedata.normalize("NFKC", name)
        while safe in used or safe in found.values():
            safe += "_"
        found[name] = safe
    return found


def caption(name: str) -> str:
    """What a script prints before the loss: its name, where any terminal can show it."""
    return name if name.isascii() else "loss"


def fitted(line: str, indent: int = 0) -> list[str]:
    """A statement ``name = expression`` in lines that fit, indented by `indent` levels."""
    room = WIDTH - 4 * indent
    if len(line) <= room:
        return ["    " * indent + line]
    head, equals, value = line.partition(" = ")
    if not equals:
        head, equals, value = line.partition(" -= ")
    if not equals or "#" in value:
        return ["    " * indent + line]
    broken = textwrap.wrap(value, room - 4, break_long_words=False, break_on_hyphens=False)
    open_, close = "(", ")"
    inner = ["    " * (indent + 1) + part for part in broken]
    return ["    " * indent + f"{head}{equals}{open_}", *inner, "    " * indent + close]


def array_lines(head: str, items: Sequence[str], tail: str) -> list[str]:
    """``head[items]tail`` in lines that fit."""
    whole = f"{head}[{', '.join(items)}]{tail}"
    if len(whole) <= WIDTH:
        return [whole]
    inner = textwrap.wrap(", ".join(items) + ",", WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{head}[", *(f"    {part}" for part in inner), f"]{tail}"]


def page(docstring: str, library: Library, settings: list[str], body: list[str]) -> str:
    """The whole script: docstring, imports, helpers, body."""
    text = "\n".join(settings + body)
    helpers = _helpers(library, text)
    code = "\n".join([*helpers, text])
    parts = [f'"""{docstring}"""\n', _imports(code)]
    if helpers:
        parts += ["", "\n\n".join(helpers), "", ""]
    return _spaced("\n".join([*parts, text]))


def _imports(code: str) -> str:
    code = re.sub(r"#.*", "", code)
    lines = [line for _, pattern, line in _IMPORTS if not pattern or re.search(pattern, code)]
    return "\n".join(lines).strip() + "\n"


def _helpers(library: Library, text: str) -> list[str]:
    """The definitions of what `text` calls, those first that others need."""
    wanted: list[str] = []

    def want(name: str) -> None:
        for needed in library.helpers_in(library.helpers[name].partition(":\n")[2]):
            want(needed)
        if name not in wanted:
            wanted.append(name)

    for name in library.helpers_in(text):
        want(name)
    return [library.helpers[name] + "\n" for name in wanted]


def _spaced(text: str) -> str:
    """Two empty lines around what stands at the top level as a function, one at most elsewhere."""
    text = re.sub(r"[ \t]+\n", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n\n", text)
    return text.strip("\n") + "\n"
