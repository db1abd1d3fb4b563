"""One bench at work: every way to the gradient, in small parts, and the rows that come of it."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from gradviz.core.document.experiment import Experiment, without_autocast
from gradviz.core.formulas.formula import Formula
from gradviz.core.formulas.text import FormulaError
from gradviz.core.numbers import Floats
from gradviz.core.questions.bench import BenchMethod, BenchReport, BenchRow
from gradviz.core.questions.question import Progress
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.bench.advice import absorbed, root_advice
from gradviz.engine.bench.findings import DOUBLE, Found
from gradviz.engine.bench.finite_difference import Coordinate, slope_of
from gradviz.engine.bench.gradients import (
    Gradients,
    NoGradientError,
    array_of,
    backward_gradients,
    formula_name,
    forward_gradient,
    hand_gradients,
    hand_lines,
    in_shape,
    is_cut,
    known_values,
    objective_formula,
    reseed,
    symbols_of,
    uncut_gradients,
)
from gradviz.engine.bench.many_digits import at_odds, many_digits
from gradviz.engine.bench.rounding_noise import DTYPES, rounding_noise
from gradviz.engine.bench.rows import (
    DIFFERENCE_RELATIVE,
    difference_row,
    hand_row,
    missing_row,
    reference_row,
    row_of,
    unused_row,
)
from gradviz.engine.objectives.objective import Objective

MOST_COORDINATES = 2000
DIRECTIONS = 16
"""How many directions forward mode takes at once: each needs as much memory as an evaluation."""
Slices = Generator[Progress, None, BenchReport]
Answer = Gradients | NoGradientError
"""What a method found by the name of the parameter, or why it has nothing."""


class Comparison:
    """`same` is the objective in the run's dtype, `double` in float64; both belong to the comparison alone."""

    def __init__(self, experiment: Experiment, same: Objective, double: Objective, step: int) -> None:
        self._experiment, self._same, self._double, self._step = experiment, same, double, step
        self._seed = experiment.seed
        self._lines: Formula | None = None
        self._notes: list[str] = []
        self._fault = ""
        self._place: tuple[int, int] | None = None
        self._texts: dict[str, str] = {}
        self._places = {name: self._chosen(name, p.numel()) for name, p in same.learned.items()}
        if without_autocast(experiment) is not experiment:
            self._notes.append("Autocast is left out here: it rounds more than the ways to a gradient differ.")
        frozen = [name for name in same.parameters if name not in same.learned]
        if frozen:
            self._notes.append(f"Frozen, and so without a gradient: {', '.join(frozen)[:100]}.")
        self._work = 2 * sum(map(len, self._places.values())) + 1
        self._done = 0

    def _chosen(self, name: str, count: int) -> NDArray[np.intp]:
        """The coordinates that are compared one by one: all of them, or some drawn by the seed."""
        if count <= MOST_COORDINATES:
            return np.arange(count)
        self._notes.append(
            f"{name} has {count:,} elements: forward mode, finite difference and symbols look at "
            f"{MOST_COORDINATES:,} of them, drawn by the seed {self._seed}."
        )
        drawn = np.random.default_rng(self._seed).choice(count, MOST_COORDINATES, replace=False)
        return np.sort(drawn)

    def slices(self) -> Slices:
        """The whole bench, handing back between two small parts."""
        begin = time.perf_counter()
        loss = self._loss()
        backward = self._by_backward(self._double)
        yield self._told(say("autograd backward"))
        rows: tuple[BenchRow, ...] = ()
        if math.isfinite(loss):
            rows = yield from self._compared(loss, backward)
        else:
            self._fault = _loss_fault(loss, backward)
        names = tuple(sorted(known_values(self._double)))
        seconds = time.perf_counter() - begin
        return BenchReport(self._step, loss, rows, tuple(self._notes), self._fault, self._place, names, seconds)

    def _compared(self, loss: float, backward: Answer) -> Generator[Progress, None, tuple[BenchRow, ...]]:
        unused = {name for name, parameter in self._double.learned.items() if parameter.grad is None}
        hand = self._by_hand()
        symbols = yield from self._in_symbols()
        forward = yield from self._by_forward()
        founds = self._founds(loss, backward, forward)
        for name in unused:
            founds[name].is_used = isinstance(backward, NoGradientError)
        yield from self._by_difference(loss, founds)
        yield from self._in_many_digits(founds, (forward, symbols, hand))
        self._note_flatness(founds)
        own = None if self._experiment.dtype == DOUBLE else self._by_backward(self._same)
        self._advise(founds, own)
        rows: list[BenchRow] = []
        for found in founds.values():
            rows += _rows_of_backward(found, backward, own, self._experiment.dtype)
            rows += _rows(found, BenchMethod.FORWARD, forward)
            rows.append(difference_row(found))
            rows += _rows(found, BenchMethod.SYMBOLS, symbols, text=self._texts.get(found.name, ""))
            rows += [hand_row(found, hand[found.name])] if found.name in hand else []
        return tuple(rows)

    def _in_many_digits(self, founds: Mapping[str, Found], others: tuple[Answer, ...]) -> Generator[Progress]:
        """The slopes in many digits, where the objective is a formula; then what follows of each element."""
        exactly = many_digits(self._experiment, self._double)
        if exactly is not None:
            if self._lines is not None:
                for name, values in exactly.hand(self._lines, self._double).items():
                    founds[name].hand = values
            for _ in exactly.slopes(founds, at_odds(founds, others)):
                yield self._told(say("many digits"))
            exactly.excuse(founds, self._lines, self._double)
        for found in founds.values():
            found.settle()

    def _advise(self, founds: Mapping[str, Found], own: Answer | None) -> None:
        """What in the formula is to blame where autograd has no number, or the run's own dtype loses one."""
        formula = objective_formula(self._experiment)
        lost = "" if formula is None or own is None else absorbed(formula, known_values(self._same))
        for found in founds.values():
            found.advice, found.absorbed = root_advice(formula), lost

    def _told(self, what: Words, done: int = 0) -> Progress:
        self._done += done
        return Progress(min(self._done / self._work, 1.0), what)

    def _loss(self) -> float:
        """The loss in float64, without a graph."""
        reseed(self._seed, self._double)
        with torch.no_grad():
            return float(self._double.loss_at(dict(self._double.parameters)))

    def _by_backward(self, objective: Objective) -> Answer:
        try:
            return backward_gradients(objective, self._seed)
        except NoGradientError as words:
            return words

    def _by_hand(self) -> Gradients:
        """The gradients by hand; a fault in a line is kept, with its place."""
        reseed(self._seed, self._double)
        with torch.no_grad():
            self._double.loss()
        values = known_values(self._double)
        try:
            formula = hand_lines(self._experiment, values, self._double.parameters)
            if formula is None:
                return {}
            found = hand_gradients(formula, values, self._double)
            self._lines = formula
        except FormulaError as error:
            self._fault, self._place = f"Gradient by hand: {error}."[:300], (error.line, error.column)
            return {}
        left = [name for name in self._double.learned if name not in found]
        if left:
            self._notes.append(f"There is no gradient by hand of {', '.join(left)[:100]}.")
        return {name: in_shape(values, self._double.parameters[name].shape) for name, values in found.items()}

    def _in_symbols(self) -> Generator[Progress, None, Answer]:
        work = symbols_of(self._experiment, self._double, self._places)
        try:
            while True:
                next(work)
                yield self._told(say("symbols"))
        except StopIteration as end:
            self._texts = {name: solved.text for name, solved in end.value.items()}
            return {name: self._in_place(name, solved.values) for name, solved in end.value.items()}
        except NoGradientError as words:
            return words

    def _by_forward(self) -> Generator[Progress, None, Answer]:
        found: Gradients = {}
        for name, places in self._places.items():
            parts = []
            for chunk in np.split(places, range(DIRECTIONS, len(places), DIRECTIONS)):
                try:
                    parts.append(forward_gradient(self._double, name, chunk, self._seed))
                except NoGradientError as words:
                    self._told(SILENCE, self._work // 2 - self._done)
                    return words
                yield self._told(say("autograd forward, {name}", name=name), len(chunk))
            found[name] = self._in_place(name, np.concatenate(parts))
        return found

    def _in_place(self, name: str, values: Floats) -> Floats:
        """Values of the compared coordinates in the parameter's shape, where they are all."""
        parameter = self._double.parameters[name]
        return values.reshape(parameter.shape) if parameter.numel() == len(values) else values

    def _founds(self, loss: float, backward: Answer, forward: Answer) -> dict[str, Found]:
        """What each parameter is compared with, and what rounding does to it."""
        noise = {}
        if not isinstance(backward, NoGradientError):
            noise = rounding_noise(self._double, backward, loss, self._seed)
        uncut = self._without_cuts()
        sizes = self._sizes()
        founds = {}
        for name, parameter in self._double.learned.items():
            at, places = array_of(parameter), self._places[name]
            method, reference = BenchMethod.BACKWARD, np.full(at.shape, np.nan)
            if not isinstance(backward, NoGradientError):
                reference = backward[name].copy()
            elif not isinstance(forward, NoGradientError):
                method = BenchMethod.FORWARD
                reference.reshape(-1)[places] = forward[name].reshape(-1)
            silence = {dtype: np.zeros(at.shape) for dtype in DTYPES}
            founds[name] = Found(
                name, at, places, reference, noise.get(name, silence), sizes, method, uncut=uncut.get(name)
            )
        return founds

    def _note_flatness(self, founds: Mapping[str, Found]) -> None:
        if all(found.is_flat for found in founds.values()):
            self._notes.append("The gradient is zero here, to rounding: a wrong factor or sign cannot be seen.")

    def _sizes(self) -> dict[str, int]:
        """The numbers that a forgotten mean, or one too many, would be wrong by."""
        sizes: dict[str, int] = {}
        parameters = {formula_name(name) for name in self._double.parameters}
        for name, value in known_values(self._double).items():
            if value.dim() and name not in parameters:
                sizes[f"the number of rows of {name}"] = len(value)
                sizes[f"the number of elements of {name}"] = value.numel()
        return sizes

    def _without_cuts(self) -> Gradients:
        """The gradient that autograd would have if nothing were hidden from it; empty where nothing is."""
        if not is_cut(self._experiment, self._double):
            return {}
        self._notes.append("A part is cut off from the graph: autograd takes it for a constant.")
        try:
            return uncut_gradients(self._experiment, self._double, self._seed)
        except (NoGradientError, RuntimeError):
            return {}

    def _by_difference(self, loss: float, founds: Mapping[str, Found]) -> Generator[Progress, None, None]:
        moved = {name: parameter.detach().clone() for name, parameter in self._double.parameters.items()}

        def loss_there() -> float:
            reseed(self._seed, self._double)
            with torch.no_grad():
                return float(self._double.loss_at(moved))

        for name, found in founds.items():
            flat, expected = moved[name].view(-1), found.backward.reshape(-1)
            largest = float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
            for index in found.places:
                coordinate = Coordinate(flat, int(index), loss_there)
                slope = slope_of(coordinate, loss, float(expected[index]), DIFFERENCE_RELATIVE / 10, largest)
                found.slopes.append(slope)
                yield self._told(say("finite difference, {name}", name=name), 1)


def _loss_fault(loss: float, backward: Answer) -> str:
    if isinstance(backward, NoGradientError):
        return f"There is no gradient to compare: PyTorch says {str(backward)!r}."[:300]
    return f"The loss is {loss} here, so there is no gradient to compare. Choose other values, or another step."


def _rows_of_backward(found: Found, backward: Answer, own: Answer | None, dtype: str) -> list[BenchRow]:
    """Autograd backward in float64, and in the run's own dtype where that is another."""
    if isinstance(backward, NoGradientError):
        return [missing_row(found.name, BenchMethod.BACKWARD, DOUBLE, found.at.shape, str(backward))]
    if not found.is_used:
        return [unused_row(found, kind) for kind in dict.fromkeys((DOUBLE, dtype))]
    more = () if own is None else _rows(found, BenchMethod.BACKWARD, own, dtype)
    return [reference_row(found, backward[found.name]), *more]


def _rows(
    found: Found, method: BenchMethod, answer: Answer, dtype: str = DOUBLE, text: str = ""
) -> tuple[BenchRow, ...]:
    """The row of a method, or none where it has nothing to say about this parameter."""
    if isinstance(answer, NoGradientError):
        return (missing_row(found.name, method, dtype, found.at.shape, str(answer)),)
    return (row_of(found, method, dtype, answer[found.name], text),) if found.name in answer else ()
