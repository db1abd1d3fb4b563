"""What an optimiser does to one parameter, in the notation of formulas: what a form prints and a script writes out.

Sources: the algorithms in the documentation of torch.optim. Per step `scalars` are computed from `step`, which
counts from 0; per parameter `lines` from its gradient g and its state; the last is what is subtracted from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from gradviz.core.declaration import Declaration

Text = tuple[str, str]
Single = Literal["value", "operands"]


@dataclass(frozen=True)
class UpdateRule:
    """`settings` by their names in the rule; `state` with its first value (a setting's name or a number).

    `running` are scalars that go on from step to step, with their first value. `singles` are scalars that torch keeps
    in float32 whatever the parameters are: their value is rounded to it, and "operands" multiplies in it besides.
    `given` are names of a step that are computed from all parameters together, before the first of them is updated.
    """

    settings: dict[str, Any]
    state: dict[str, str]
    scalars: tuple[Text, ...]
    lines: tuple[Text, ...]
    subtract: str
    running: dict[str, str]
    singles: dict[str, Single] = field(default_factory=dict)
    given: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the update is one line: the gradient times a number."""
        return not self.state and not self.lines

    @property
    def text(self) -> str:
        """The rule for a person, a line for each statement; p is the parameter, g its gradient."""
        statements = (*self.scalars, *self.lines, ("p", f"p - {_term(self.subtract)}"))
        return "\n".join(f"{name} = {text}" for name, text in statements)


def _term(text: str) -> str:
    """What is subtracted, in brackets where it is a sum."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and text[index : index + 3] in (" + ", " - "):
            return f"({text})"
    return text


class RuleDraft:
    """Collects the rule of an optimiser; a setting is named in it only where it is used."""

    def __init__(self, optimizer: Declaration) -> None:
        self._optimizer = optimizer
        self._state: dict[str, str] = {}
        self._running: dict[str, str] = {}
        self._singles: dict[str, Single] = {}
        self._scalars: list[Text] = []
        self._lines: list[Text] = []
        self._beside = ""
        self.settings: dict[str, Any] = {"lr": self.value("lr")}
        if self.value("maximize"):
            self.line("g", "-g")

    def value(self, name: str) -> Any:
        """A setting of the optimiser; None where its class has none of that name."""
        return getattr(self._optimizer, name, None)

    def use(self, *names: str) -> None:
        """Name settings of the optimiser in the rule."""
        for name in names:
            self.settings[name] = self.value(name)

    def line(self, name: str, text: str) -> None:
        """A value of each parameter."""
        self._lines.append((name, text))

    def keep(self, name: str, text: str, first: str = "0") -> None:
        """A line whose value is kept for the next step."""
        self.begin(name, first)
        self.line(name, text)

    def begin(self, name: str, first: str = "0") -> None:
        """A value that is kept and used before it is computed."""
        self._state.setdefault(name, first)

    def scalar(self, name: str, text: str, single: Single | None = None) -> None:
        """A number of each step."""
        self._scalars.append((name, text))
        if single is not None:
            self._singles[name] = single

    def run_on(self, name: str, text: str, first: str, single: Single | None = None) -> None:
        """A number that follows from what it was at the step before."""
        self._running[name] = first
        self.scalar(name, text, single)

    def decay(self) -> None:
        """Weight decay as torch adds it to the gradient; decoupled, it is subtracted together with the step."""
        if not self.value("weight_decay"):
            return
        self.use("weight_decay")
        if self.value("decoupled_weight_decay"):
            self._beside = "lr*weight_decay*p + "
        else:
            self.line("g", "g + weight_decay*p")

    def decouple(self) -> None:
        """Weight decay that is always decoupled."""
        if self.value("weight_decay"):
            self.use("weight_decay")
            self._beside = "lr*weight_decay*p + "

    def means(self) -> None:
        """The running mean m of the gradient, and v of its square."""
        self.settings["beta1"], self.settings["beta2"] = self.value("betas")
        self.use("eps")
        self.keep("m", "beta1*m + (1 - beta1)*g")
        self.keep("v", "beta2*v + (1 - beta2)*g**2")

    def corrections(self) -> None:
        """What the running means lack in their first steps."""
        self.scalar("correction1", "1 - beta1**(step + 1)")
        self.scalar("correction2", "1 - beta2**(step + 1)")

    def subtract(self, text: str) -> UpdateRule:
        """The finished rule, which subtracts `text`."""
        scalars, lines = tuple(self._scalars), tuple(self._lines)
        whole = self._beside + text
        return UpdateRule(self.settings, self._state, scalars, lines, whole, self._running, self._singles)
