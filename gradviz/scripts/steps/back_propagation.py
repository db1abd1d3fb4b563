"""Fits of plain layers as lines of formulas, with their gradient by back-propagation, layer by layer.

For each layer the line of its value, and from the gradient ``d_out`` of that value those of its parameters and of
its input. Adding a layer or a loss: a function in `LAYERS` or `LOSSES_BY_HAND`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradviz.core.data.batches import MiniBatch
from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.penalties import Penalty
from gradviz.scripts.language.sketch import ScriptTensor, Sketch, parsed_lines
from gradviz.scripts.problems import ScriptError

Text = tuple[str, str]


@dataclass
class Pass:
    """What is collected on the way forward; `backward` are the layers' lines in the order of the way forward."""

    value: str = "x"
    shape: tuple[int, ...] = ()
    tensors: list[ScriptTensor] = field(default_factory=list)
    forward: list[Text] = field(default_factory=list)
    backward: list[list[Text]] = field(default_factory=list)

    def parameter(self, name: str, key: str, shape: tuple[int, ...], value: float | None = None) -> None:
        self.tensors.append(ScriptTensor(name, key, shape, True, value))


@dataclass(frozen=True)
class Place:
    """One layer in the pass: the names of its input and output, what its parameters are called."""

    layer: Any
    number: str
    prefix: str
    into: str
    out: str
    shape_in: tuple[int, ...]
    shape_out: tuple[int, ...]
    is_first: bool

    def needs(self, text: str) -> list[Text]:
        """The gradient of its input, unless that is the data."""
        return [] if self.is_first else [(f"d_{self.into}", text)]


def _line(place: Place, given: Pass) -> list[Text]:
    given.parameter("w", f"{place.prefix}w", (), place.layer.w)
    given.parameter("b", f"{place.prefix}b", (), place.layer.b)
    given.forward.append((place.out, f"w*{place.into} + b"))
    d = f"d_{place.out}"
    return [("d_w", f"sum({d}*{place.into})"), ("d_b", f"sum({d})"), *place.needs(f"{d}*w")]


def _linear(place: Place, given: Pass) -> list[Text]:
    weight, bias, d = f"W{place.number}", f"b{place.number}", f"d_{place.out}"
    given.parameter(weight, f"{place.prefix}weight", (place.shape_out[0], place.shape_in[0]))
    lines = [(f"d_{weight}", f"t({d}) @ {place.into}")]
    text = f"{place.into} @ t({weight})"
    if place.layer.bias:
        given.parameter(bias, f"{place.prefix}bias", place.shape_out)
        text += f" + {bias}"
        lines.append((f"d_{bias}", f"sum({d}, 0)"))
    given.forward.append((place.out, text))
    return [*lines, *place.needs(f"{d} @ {weight}")]


def _elementwise(value: str, gradient: str) -> Callable[[Place, Pass], list[Text]]:
    """A layer without parameters: z is its input, h its output, d the gradient of h; {name} a setting of it."""

    def write(place: Place, given: Pass) -> list[Text]:
        settings = {name: repr(getattr(place.layer, name)) for name in type(place.layer).model_fields}
        texts = {"z": place.into, "h": place.out, "d": f"d_{place.out}", **settings}
        given.forward.append((place.out, value.format(**texts)))
        return place.needs(gradient.format(**texts))

    return write


def _nothing(place: Place, given: Pass) -> list[Text]:
    """A layer that changes nothing for rows of numbers."""
    given.forward.append((place.out, place.into))
    return place.needs(f"d_{place.out}")


LAYERS: dict[str, Callable[[Place, Pass], list[Text]]] = {
    "line": _line,
    "linear": _linear,
    "sigmoid": _elementwise("sigmoid({z})", "{d}*{h}*(1 - {h})"),
    "tanh": _elementwise("tanh({z})", "{d}*(1 - {h}**2)"),
    "relu": _elementwise("relu({z})", "{d}*({z} > 0)"),
    "leaky_relu": _elementwise("where({z} > 0, {z}, {slope}*{z})", "where({z} > 0, {d}, {slope}*{d})"),
    "elu": _elementwise(
        "where({z} > 0, {z}, {alpha}*expm1(where({z} > 0, 0, {z})))",  # at 0 the branch below it is taken
        "where({z} > 0, {d}, {alpha}*{d}*exp(where({z} > 0, 0, {z})))",
    ),
    "silu": _elementwise("silu({z})", "{d}*(sigmoid({z}) + {h}*(1 - sigmoid({z})))"),
    "softplus": _elementwise("softplus({beta}*{z})/{beta}", "where({beta}*{z} > 20, {d}, {d}*sigmoid({beta}*{z}))"),
    "softmax": _elementwise("softmax({z}, 1)", "{h}*t(t({d}) - sum({d}*{h}, 1))"),
    "log_softmax": _elementwise("log_softmax({z}, 1)", "{d} - t(t(exp({h}))*sum({d}, 1))"),
    "flatten": _nothing,
}


@dataclass(frozen=True)
class LossByHand:
    """The lines of a loss, the last of them ``loss``, and the gradient of the prediction.

    `size` is what a mean divides by: every number of the prediction, or its rows.
    """

    lines: tuple[Text, ...]
    gradient: str
    size: str = "count"


_ERROR = ("error", "prediction - y")
LOSSES_BY_HAND: dict[str, LossByHand] = {
    "mse": LossByHand((_ERROR, ("loss", "{mean}(error**2)")), "2*error"),
    "l1": LossByHand((_ERROR, ("loss", "{mean}(abs(error))")), "sign(error)"),
    "huber": LossByHand(
        (
            _ERROR,
            ("loss", "{mean}(where(abs(error) < {delta}, 0.5*error**2, {delta}*(abs(error) - 0.5*{delta})))"),
        ),
        "clamp(error, -{delta}, {delta})",
    ),
    "smooth_l1": LossByHand(
        (_ERROR, ("loss", "{mean}(where(abs(error) < {beta}, 0.5*error**2/{beta}, abs(error) - 0.5*{beta}))")),
        "clamp(error/{beta}, -1, 1)",
    ),
    "cross_entropy": LossByHand(
        (("loss", "-sum(y*log_softmax(prediction, 1)){over}"),), "(softmax(prediction, 1) - y)", "rows"
    ),
    "nll": LossByHand((("loss", "-sum(y*prediction){over}"),), "-y", "rows"),
    "bce": LossByHand(
        (("loss", "-{mean}(y*maximum(log(prediction), -100) + (1 - y)*maximum(log1p(-prediction), -100))"),),
        "(prediction - y)/maximum(prediction*(1 - prediction), 1e-12)",
    ),
    "bce_with_logits": LossByHand(
        (("loss", "{mean}(maximum(prediction, 0) - y*prediction + log1p(exp(-abs(prediction))))"),),
        "(sigmoid(prediction) - y)",
    ),
}


def fit_sketch(experiment: Experiment, objective: FitObjective) -> Sketch:
    """The fit as lines of formulas; ScriptError names the layer or the loss that is not known so."""
    if objective.batch.per_update > 1:
        raise ScriptError("several batches a step are not known by hand.", "PyTorch nn + optim has them.")
    if objective.autocast.dtype:
        raise ScriptError("autocast is not known by hand.", "PyTorch nn + optim has it.")
    if any(not layer.learns.is_usual for layer in objective.model):
        raise ScriptError("parameter groups and frozen layers are not known by hand.", "PyTorch nn + optim has them.")
    given = _forward(objective)
    loss = LOSSES_BY_HAND.get(objective.loss.kind)
    if loss is None:
        raise ScriptError(
            f"the gradient of {type(objective.loss).label} by hand is not known.", "Choose a PyTorch one."
        )
    lines, first = _loss_lines(loss, objective)
    backward = [("d_prediction", first)] + [line for part in reversed(given.backward) for line in part]
    lines, backward = _with_penalty(objective.loss.penalty, given, lines, backward)
    known = {"x", "y", "count", "rows", *(tensor.name for tensor in given.tensors)}
    forward = parsed_lines([*given.forward, *lines], known)
    known |= {line.name for line in forward}
    inputs = (
        ScriptTensor("x", "x", (objective.data.training_rows, *objective.data.input_shape), False),
        ScriptTensor("y", "y", (objective.data.training_rows, objective.data.outputs), False),
    )
    return Sketch(
        tensors=tuple(given.tensors),
        inputs=inputs,
        lines=forward,
        backward=parsed_lines(backward, known),
        data=(*objective.data.whole_code(experiment.seed), *_target_lines(objective)),
        batch=objective.batch.size if isinstance(objective.batch, MiniBatch) else 0,
        shuffle=isinstance(objective.batch, MiniBatch) and objective.batch.shuffle,
    )


def _forward(objective: FitObjective) -> Pass:
    given = Pass(shape=objective.data.input_shape)
    layers = objective.model
    weighted = [layer for layer in layers if layer.kind == "linear"]
    for place, layer in enumerate(layers):
        write = LAYERS.get(layer.kind)
        is_plain = len(given.shape) == 1 and not objective.data.vocabulary
        if write is None or not is_plain or getattr(layer, "approximate", "none") != "none":
            label = type(layer).label
            raise ScriptError(f"the model has the layer {label}, which is not known by hand.", "Choose a PyTorch one.")
        out = "prediction" if place == len(layers) - 1 else f"h{place + 1}"
        number = "" if len(weighted) == 1 else str(1 + sum(one.kind == "linear" for one in layers[:place]))
        shape_out = layer.shape_out(given.shape)
        prefix = "" if len(layers) == 1 else f"{place}."
        at = Place(layer, number, prefix, given.value, out, given.shape, shape_out, not given.tensors)
        given.backward.append(write(at, given))
        given.value, given.shape = out, shape_out
    return given


def _loss_lines(loss: LossByHand, objective: FitObjective) -> tuple[list[Text], str]:
    """The loss, and the gradient of the prediction."""
    declared = objective.loss
    settings = {name: repr(getattr(declared, name)) for name in type(declared).model_fields}
    is_mean = declared.reduction == "mean"
    over = f"/{loss.size}" if is_mean else ""
    texts = {"mean": "mean" if is_mean else "sum", "over": over, **settings}
    return [(name, text.format(**texts)) for name, text in loss.lines], loss.gradient.format(**texts) + over


_TERMS: dict[str, tuple[str, str]] = {"L1": ("sum(abs({0}))", "{1!r}*sign({0})"), "L2": ("sum({0}**2)", "2*{1!r}*{0}")}
"""What a term of a penalty sums of a weight, and its derivative."""


def _with_penalty(
    penalty: Penalty, given: Pass, lines: list[Text], backward: list[Text]
) -> tuple[list[Text], list[Text]]:
    """The terms added to the loss, and their derivatives to the gradients of the weights."""
    weights = [tensor.name for tensor in given.tensors if penalty.covers(tensor.key)]
    if not penalty.terms or not weights:
        return lines, backward
    sums = [f"{weight!r}*({' + '.join(_TERMS[n][0].format(w) for w in weights)})" for n, weight in penalty.terms]
    slopes = {f"d_{w}": "".join(f" + {_TERMS[n][1].format(w, v)}" for n, v in penalty.terms) for w in weights}
    whole = [*lines[:-1], ("data_loss", lines[-1][1]), ("loss", " + ".join(["data_loss", *sums]))]
    return whole, [(name, text + slopes.get(name, "")) for name, text in backward]


def _target_lines(objective: FitObjective) -> tuple[str, ...]:
    """Labels as the loss wants them."""
    if not objective.data.is_labelled:
        return ()
    if objective.loss.wants == "binary":
        return ("y = y.reshape(-1, 1)",)
    lines = [f"y = np.eye({objective.data.outputs})[y]  # one-hot"]
    smoothing = getattr(objective.loss, "label_smoothing", 0.0)
    if smoothing:
        lines.append(f"y = {1 - smoothing!r} * y + {smoothing!r} / {objective.data.outputs}  # label smoothing")
    return tuple(lines)
