"""When a fit ends before its last step: never, or early, once the loss of the rows held out no longer improves."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting


class Stopping(Alternative):
    """Whether a run ends early."""

    is_early: ClassVar[bool] = False


class NoStopping(Stopping):
    label: ClassVar[str] = "Off"
    about: ClassVar[str] = "The run makes all of its steps."
    kind: Literal["none"] = "none"


class EarlyStopping(Stopping):
    """The run of an optimiser ends at the first evaluation that is `patience` evaluations after its best one.

    An evaluation is the best where its validation loss lies below that of the best before by more than `least`.
    """

    label: ClassVar[str] = "By validation"
    about: ClassVar[str] = "The run ends once the loss of the rows held out has not improved for so many evaluations."
    is_early: ClassVar[bool] = True
    kind: Literal["early"] = "early"
    patience: int = setting(
        10,
        title="Patience",
        description="After so many evaluations in a row without an improvement the run ends.",
        ge=1,
        le=10**9,
    )
    least: float = setting(
        0.0,
        title="Least improvement",
        description="A loss counts as an improvement only if it lies below the best one by more than this.",
        ge=0,
        le=1e300,
    )
    weights: Literal["best", "last"] = setting(
        "best",
        title="Weights at the end",
        description="best: in one more step the weights with the least validation loss are put back. last: the run "
        "keeps those it stopped with, and the best are kept beside them in its file.",
    )


AnyStopping = Annotated[NoStopping | EarlyStopping, Field(discriminator="kind")]
STOPPINGS: tuple[type[Stopping], ...] = alternatives(AnyStopping)
