"""What the columns of a file are at first: inputs, target or left out, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gradviz.core.data.import_choice import ImportChoice, Role
from gradviz.core.data.import_columns import How, usual_how
from gradviz.core.tables.column_profiles import ColumnProfile
from gradviz.core.words import SILENCE, Words, say

MOST_TEXTS_OF_INPUT = 20
MOST_TEXTS_OF_TARGET = 50
_TARGETS = frozenset({"target", "label", "labels", "class", "classes", "y", "output", "outcome", "response"})
_COUNTS = frozenset(
    {"", "#", "no", "no.", "nr", "nr.", "num", "number", "row", "rows", "rownames", "row names", "row number", "index",
     "idx", "obs", "observation", "sl no", "s.no", "sno", "编号", "序号"}
)  # fmt: skip
_IDENTIFIER = re.compile(r"(?:^|[_\s.#-])(?:id|ids|uuid|guid|serial|key|zip|zipcode|postcode)$|[a-z](?:ID|Id)$")
_NAME = re.compile(r"(?:^|[_\s.-])(?:name|names|title|comment|comments|notes?|description|url|email|address|phone)$")
FEWEST_COUNTED_ROWS = 8


@dataclass(frozen=True)
class _Seen:
    """What a column can be, and why it is nothing."""

    kind: str
    """number, moment, classes, or out."""
    why: Words = SILENCE
    is_name: bool = False


def first_choice(profiles: Sequence[ColumnProfile], is_headed: bool = True, wanted_target: int = -1) -> ImportChoice:
    """A choice to begin with: everything that tells about a row is an input, and the last such column the target.

    Names, identifiers, row numbers, free texts, dates as targets, empty columns: none of them is taken unless a person
    asks for it. Texts that recur are columns of 0 and 1, or classes at the end. Where names stand last, the first
    column of numbers is the target. `wanted_target` is the place of the column that a person named for it.
    """
    seen = [_seen(profile, place, profiles, is_headed) for place, profile in enumerate(profiles)]
    target = _target(seen, profiles) if wanted_target < 0 else wanted_target
    roles: list[Role] = [
        "out" if one.kind == "out" or _is_wide(profile) else "input"
        for one, profile in zip(seen, profiles, strict=True)
    ]
    if target >= 0:
        roles[target] = "target"
    reasons = [one.why if role == "out" else SILENCE for one, role in zip(seen, roles, strict=True)]
    for place, profile in enumerate(profiles):
        if roles[place] == "out" and not reasons[place]:
            reasons[place] = say("{count} different texts", count=profile.texts)
    hows: tuple[How, ...] = tuple(usual_how(profile) for profile in profiles)
    labels = target >= 0 and profiles[target].is_text and not profiles[target].is_moment
    return ImportChoice(tuple(roles), labels=labels, hows=hows, reasons=tuple(reasons))


def _seen(profile: ColumnProfile, place: int, profiles: Sequence[ColumnProfile], is_headed: bool) -> _Seen:
    if not profile.numbers and not profile.text_cells:
        return _Seen("out", say("empty"))
    if _counts_rows(profile, place, profiles, is_headed):
        return _Seen("out", say("row numbers"), is_name=True)
    if profile.bad * 2 > profile.rows:
        return _Seen("out", say("more than half is missing"))
    if profile.is_moment or profile.is_compact:
        return _Seen("moment")
    if profile.is_text:
        return _text(profile)
    if profile.is_whole and _IDENTIFIER.search(_plain(profile.name)):
        return _Seen("out", say("identifiers"), is_name=True)
    signs = [sign for sign in profile.signs if sign]
    if len(signs) > 1:
        return _Seen("out", say("{first} and {second} mixed", first=signs[0], second=signs[1]))
    return _Seen("number")


def _plain(name: str) -> str:
    """A name as the patterns look at it: small letters, but for the Id at its end."""
    return name.strip() if re.search(r"[a-z](?:ID|Id)$", name.strip()) else name.strip().lower()


def _counts_rows(profile: ColumnProfile, place: int, profiles: Sequence[ColumnProfile], is_headed: bool) -> bool:
    """Whether a column of 1, 2, 3, … only numbers the rows: by its name, or for want of one."""
    if not profile.is_counting or profile.rows < 2:
        return False
    if is_headed:
        name = _plain(profile.name)
        return profile.is_nameless or name in _COUNTS or bool(_IDENTIFIER.search(name))
    return place == 0 and len(profiles) > 2 and profile.rows >= FEWEST_COUNTED_ROWS


def _text(profile: ColumnProfile) -> _Seen:
    texts, cells = profile.texts, profile.text_cells
    if texts == cells or texts < 0 or _IDENTIFIER.search(_plain(profile.name)):
        return _Seen("out", say("another text in every row") if texts == cells else say("identifiers"), is_name=True)
    is_few = texts <= max(3, cells / 2)
    if not is_few or (_NAME.search(_plain(profile.name)) and texts > MOST_TEXTS_OF_INPUT):
        return _Seen("out", say("names: {count} different texts", count=texts), is_name=True)
    if texts < 2:
        return _Seen("out", say("always the same"))
    return (
        _Seen("classes") if texts <= MOST_TEXTS_OF_TARGET else _Seen("out", say("{count} different texts", count=texts))
    )


def _is_wide(profile: ColumnProfile) -> bool:
    """Whether its texts are too many to be inputs by default."""
    return profile.is_text and not profile.is_moment and profile.texts > MOST_TEXTS_OF_INPUT


def _target(seen: Sequence[_Seen], profiles: Sequence[ColumnProfile]) -> int:
    """The place of the target, -1 where there is none."""
    filled = [place for place, one in enumerate(seen) if profiles[place].numbers or profiles[place].text_cells]
    usable = [place for place in filled if seen[place].kind in ("number", "classes")]
    numbers = [place for place in usable if seen[place].kind == "number"]
    if not usable:
        return -1
    # of x, y and z the last is what the others decide
    wanted = _TARGETS - {"y"} if any(_plain(profile.name) == "z" for profile in profiles) else _TARGETS
    named = [place for place in usable if _plain(profiles[place].name) in wanted]
    if named:
        return named[-1]
    if filled[-1] in usable:
        return filled[-1]
    if seen[filled[-1]].is_name and numbers:
        return numbers[0]
    return (numbers or usable)[-1]
