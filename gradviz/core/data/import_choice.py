"""What a person chooses before an import: a role for each column, how it is read, and what becomes of bad cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from gradviz.core.data.import_columns import How
from gradviz.core.tables.scalings import NoScaling, Scaling, Standardise
from gradviz.core.words import SILENCE, Words

Role = Literal["input", "target", "out"]
ROLES: tuple[Role, ...] = ("input", "target", "out")
BadCells = Literal["drop", "mean", "median", "zero"]


@dataclass(frozen=True)
class ImportChoice:
    """One role for each column. `hows` and `reasons` have an entry for each column, or none at all."""

    roles: tuple[Role, ...]
    bad_cells: BadCells = "drop"
    labels: bool = False
    scaling: Scaling = field(default_factory=Standardise)
    target_scaling: Scaling = field(default_factory=NoScaling)
    hows: tuple[How, ...] = ()
    """How each column is read; of a target with class labels it is not asked."""
    reasons: tuple[Words, ...] = ()
    """Why a column was left out at first."""
    lags: int = 0
    """Inputs that are the target of 1, 2, … rows before."""

    def places(self, role: Role) -> list[int]:
        """The columns that have this role."""
        return [place for place, chosen in enumerate(self.roles) if chosen == role]

    def with_roles(self, places: Sequence[int], role: Role) -> ImportChoice:
        """The same with another role for some columns; a new target for class labels makes an input of the old one."""
        roles = list(self.roles)
        if role == "target" and self.labels:
            roles = ["input" if old == "target" else old for old in roles]
        for place in places:
            roles[place] = role
        return replace(self, roles=tuple(roles))

    def with_how(self, places: Sequence[int], how: How) -> ImportChoice:
        """The same with some columns read in another way; one that was left out becomes an input."""
        hows, roles = list(self.hows), list(self.roles)
        for place in places:
            hows[place] = how
            roles[place] = "input" if roles[place] == "out" else roles[place]
        return replace(self, hows=tuple(hows), roles=tuple(roles))

    def reason(self, place: int) -> Words:
        """Why a column is left out; nothing where a person left it out."""
        is_told = self.roles[place] == "out" and place < len(self.reasons)
        return self.reasons[place] if is_told else SILENCE


@dataclass(frozen=True)
class ImportOutcome:
    """Whether an import can succeed, and a sentence that says what will come out, or what is in its way."""

    can_succeed: bool
    sentence: str
    notes: tuple[str, ...] = ()
    """How each column is read, where that is not as numbers; why it is left out, where that was not the person's."""
