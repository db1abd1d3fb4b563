"""What every dataset offers: its shapes, its arrays, and the numpy lines that make the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.data.validation import AnyValidation, Labels, Mask, NoValidation
from gradviz.core.declaration import Alternative, setting
from gradviz.core.layers.layer import Shape, count_of, written
from gradviz.core.numbers import Floats, plural

if TYPE_CHECKING:
    from torch import Tensor, dtype

Arrays = tuple[NDArray[Any], NDArray[Any]]


class DataError(ValueError):
    """Data that no model can be fitted to, in a sentence."""


class Dataset(Alternative):
    """Rows of inputs and targets, made on the CPU; some of them may be held out."""

    validation: AnyValidation = setting(
        NoValidation(),
        title="Rows held out",
        description="The training never sees them: the loss on them tells whether what was learned holds for others.",
        editor="compact",
        is_last=True,
    )

    @property
    def rows(self) -> int:
        """Number of all rows, known before anything is built."""
        raise NotImplementedError

    @property
    def training_rows(self) -> int:
        """Number of the rows that are trained on."""
        return self.rows - self.validation.count(self)

    @property
    def known_labels(self) -> Labels | None:
        """The label of every row where it is known before anything is built."""
        return None

    @property
    def marks(self) -> Floats | None:
        """The numbers (rows,) of the column that may say which rows are held out; None where there are no columns."""
        return None

    @property
    def marking_column(self) -> str:
        """What that column is called."""
        return ""

    @property
    def marks_code(self) -> str:
        """How a script writes those numbers."""
        return ""

    def held_out(self, labels: Labels | None) -> Mask:
        """Whether a row is held out, (rows,), given the labels of all rows; DataError where none can be."""
        try:
            return self.validation.mask(self, labels)
        except ValueError as error:
            raise DataError(str(error)) from None

    @property
    def input_shape(self) -> Shape:
        """Shape of the inputs of one row."""
        return (1,)

    @property
    def outputs(self) -> int:
        """Values of a row's target; for labels the number of classes."""
        return 1

    @property
    def is_labelled(self) -> bool:
        """Whether a row's target is the number of its class, from 0."""
        return False

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the inputs are called; empty where they have no names."""
        return ()

    @property
    def target_names(self) -> tuple[str, ...]:
        """What the values of a target are called, or the column of its labels; empty where they have no names."""
        return ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called, from 0; empty where they have no names."""
        return ()

    @property
    def axis_names(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Names of inputs and targets as the model sees their numbers, scaled, say; and of the classes."""
        return self.input_names, self.target_names, self.class_names

    @property
    def vocabulary(self) -> int:
        """Number of different tokens, where the inputs are tokens (int64, from 0); else 0."""
        return 0

    @property
    def input_scale(self) -> float:
        """What the inputs are multiplied by, in the precision of the run: a factor of 1 changes nothing."""
        return 1.0

    def arrays(self, seed: int) -> Arrays:
        """Inputs (rows, *input_shape), float64 or int64 tokens; targets (rows, outputs) float64 or (rows,) int64."""
        raise NotImplementedError

    def code(self, seed: int) -> tuple[str, ...]:
        """Lines of numpy that give the same arrays the names ``x`` and ``y``."""
        raise NotImplementedError

    def whole_code(self, seed: int) -> tuple[str, ...]:
        """The lines of `code`, and those that say which rows are ``held`` out, where any are."""
        labels = self.arrays(seed)[1] if self.is_labelled and self.validation.holds_out else None
        return (*self.code(seed), *self.validation.code(self, labels, "y"))

    def build(self, seed: int, dtype: dtype) -> tuple[Tensor, Tensor]:
        """The arrays as tensors; DataError where they are not what this dataset says of itself."""
        import torch

        made = self.arrays(seed)
        check_arrays(self, *made)
        inputs, targets = (torch.from_numpy(np.ascontiguousarray(array)) for array in made)
        inputs = inputs.to(dtype) if inputs.is_floating_point() else inputs
        return (
            inputs if self.input_scale == 1 else inputs * self.input_scale,
            targets.to(dtype) if targets.is_floating_point() else targets,
        )

    def notes(self) -> dict[str, str]:
        """What the form says below the dataset."""
        what = plural(self.outputs, "class", "classes") if self.is_labelled else plural(self.outputs, "target")
        said = {"": f"{plural(self.rows, 'row')} of {written(self.input_shape)}, {what}."}
        if self.validation.holds_out:
            held, trained = self.rows - self.training_rows, self.training_rows
            where = self.validation.where(self)
            said["validation"] = f"{plural(held, 'row')} held out{where}; {plural(trained, 'row')} to train on."
        return said


def check_arrays(data: Dataset, inputs: NDArray[Any], targets: NDArray[Any]) -> None:
    """DataError, in a sentence, where the arrays would fail inside torch, or train on something else."""
    if inputs.shape != (data.rows, *data.input_shape):
        raise DataError(f"the inputs are {inputs.shape}, but {(data.rows, *data.input_shape)} was promised")
    if not np.isfinite(inputs).all() or not np.isfinite(targets).all():
        raise DataError("the data holds values that are not finite numbers: drop or fill them first")
    if data.vocabulary:
        _check_whole(inputs, data.vocabulary, "tokens")
    if data.is_labelled:
        _check_whole(targets, data.outputs, "labels")
        if len(np.unique(targets)) < 2:
            raise DataError("the labels name only one class: there is nothing to tell apart")
    elif targets.shape != (data.rows, data.outputs):
        raise DataError(f"the targets are {targets.shape}, but {(data.rows, data.outputs)} was promised")


def _check_whole(numbers: NDArray[Any], count: int, what: str) -> None:
    if not np.issubdtype(numbers.dtype, np.integer):
        raise DataError(f"the {what} are {numbers.dtype} numbers: whole numbers from 0 to {count - 1} are needed")
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high >= count:
        raise DataError(f"the {what} reach from {low} to {high}: they must lie from 0 to {count - 1}")


def bytes_of(data: Dataset, item_size: int) -> int:
    """Memory of inputs and targets in bytes."""
    inputs = count_of(data.input_shape) * (8 if data.vocabulary else item_size)
    return data.rows * (inputs + (8 if data.is_labelled else data.outputs * item_size))
