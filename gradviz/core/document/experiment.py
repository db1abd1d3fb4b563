"""The experiment: everything that decides a run, and its digest, which is a run's identity."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from gradviz.core.declaration import Declaration, FieldError, SettingError, names_of, setting, setting_error
from gradviz.core.document.memory import memory_note
from gradviz.core.layers.dense import LineLayer
from gradviz.core.layers.layer import InitialisedLayer, Layer
from gradviz.core.objectives.autocast import NoAutocast
from gradviz.core.objectives.catalogue import AnyObjective, FitObjective, FormulaObjective, TestFunctionObjective
from gradviz.core.objectives.fit_starters import mended
from gradviz.core.optimizers.catalogue import SGD, AnyOptimizer, Optimizer
from gradviz.core.runs.figures import column_names

FORMAT_VERSION = 3
DTYPES = Literal["float32", "float64"]
_OF_HELD_ROWS = ("objective.data.validation", "objective.stopping", "objective.evaluate_every")
DECIDES_NOTHING = ("hand_gradient",)
"""Settings that no number of a run depends on."""


class Experiment(Declaration):
    """Everything that decides a run. Equal experiments give equal runs on equal machines.

    `hand_gradient` decides no number, and stands here all the same: the bench, which the engine answers, compares it
    with the gradient of this objective, and its lines mean nothing for another. The digest leaves it out.
    """

    hand_gradient: str = setting(
        "",
        title="Gradient by hand",
        description="Lines  d_name = expression  that the bench compares with autograd.",
        max_length=4000,
        editor="hidden",
    )
    objective: AnyObjective = setting(TestFunctionObjective(), title="Objective", description="What is minimised.")
    optimizers: tuple[AnyOptimizer, ...] = setting(
        (SGD(),),
        title="Optimisers",
        description="Several race from one start on one objective.",
        min_length=1,
        max_length=16,
        editor="distinct",
    )
    steps: int = setting(
        1000, title="Steps", description="Optimiser updates until the run is finished.", live=True, ge=0, le=10**9
    )
    seed: int = setting(0, title="Seed", description="Decides every random number of the run.", ge=0, le=2**63 - 1)
    dtype: DTYPES = setting("float32", title="Precision", description="The dtype of every tensor.")
    device: str = setting(
        "cpu",
        title="Device",
        description="Where the tensors live: cpu, cuda:0, mps, ...",
        editor="device",
        pattern=r"^[a-z]{2,12}(:\d{1,3})?$",
    )

    @model_validator(mode="after")
    def _schedules_last_as_long_as_the_run(self) -> Experiment:
        for index, optimizer in enumerate(self.optimizers):
            try:
                optimizer.schedule.check(self.steps)
            except FieldError as error:
                raise FieldError(f"optimizers.{index}.schedule.{error.field}", str(error)) from None
        return self

    @model_validator(mode="after")
    def _autocast_has_what_it_casts(self) -> Experiment:
        if not isinstance(self.objective, FitObjective) or not self.objective.autocast.dtype:
            return self
        path = "objective.autocast.kind"
        if self.dtype != "float32":
            raise FieldError(path, f"it casts float32, and the Precision is {self.dtype}: set it to Off")
        for optimizer in self.optimizers if self.objective.autocast.scales else ():
            if optimizer.needs_closure:
                raise FieldError(path, f"torch's GradScaler cannot step {optimizer.label}: try bfloat16")
            if optimizer.mistake.carries or optimizer.mistake.stops_scripts:
                told = optimizer.mistake.label
                raise FieldError(path, f"scaled losses and the mistake {told!r} do not go together: try bfloat16")
        return self

    @model_validator(mode="after")
    def _optimisers_have_the_groups_of_the_model(self) -> Experiment:
        """A layer may learn otherwise than an optimiser says only where that has groups, and has what they change."""
        if not isinstance(self.objective, FitObjective):
            return self
        for index in self.objective.learning_layers:
            learning = self.objective.model[index].learns
            path = f"objective.model.{index}.learning"
            for optimizer in self.optimizers:
                if not learning.is_usual and not optimizer.has_groups:
                    reason = f"{optimizer.label} has one rate for all parameters: choose As the optimiser says"
                    raise FieldError(f"{path}.kind", reason)
                if learning.needs_decay and "weight_decay" not in optimizer.keywords:
                    raise FieldError(f"{path}.weight_decay", f"{optimizer.label} has no weight decay: set it to 0")
        return self

    @property
    def digest(self) -> str:
        """The identity of a run: SHA-256 over all that decides a number, the same in every process."""
        data = to_data(self)
        for name in DECIDES_NOTHING:
            data.pop(name)
        text = json.dumps(_canonical(data), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def notes(self) -> dict[str, str]:
        return memory_note(self)

    def with_optimizers(self, optimizers: tuple[Optimizer, ...]) -> Experiment:
        """The same experiment with other optimisers."""
        return self.model_copy(update={"optimizers": optimizers})


def optimizer_names(experiment: Experiment) -> tuple[str, ...]:
    """What the optimisers are called where they are told apart: SGD, Adam; or SGD lr 0.1, SGD lr 0.01."""
    return names_of(experiment.optimizers)


def without_autocast(experiment: Experiment) -> Experiment:
    """The same experiment with every operation in the precision of the parameters."""
    objective = experiment.objective
    if not isinstance(objective, FitObjective) or not objective.autocast.dtype:
        return experiment
    return experiment.model_copy(update={"objective": objective.model_copy(update={"autocast": NoAutocast()})})


def figure_names(experiment: Experiment) -> tuple[str, ...]:
    """What the figures of the rows held out are called in files; none where no rows are."""
    objective = experiment.objective
    if not isinstance(objective, FitObjective) or not objective.data.validation.holds_out:
        return ()
    return column_names(objective.data.is_labelled)


def to_data(experiment: Declaration) -> dict[str, Any]:
    """The declaration as plain JSON data."""
    data: dict[str, Any] = experiment.model_dump(mode="json")
    return data


def _canonical(data: Any) -> Any:
    """Plain data in which equal numbers are written alike: 1 and 1.0, 0.0 and -0.0."""
    if isinstance(data, dict):
        return {key: _canonical(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_canonical(item) for item in data]
    return int(data) if isinstance(data, float) and data.is_integer() else data


def from_data(data: Any) -> Experiment:
    """An experiment from plain JSON data; SettingError names the field that is wrong."""
    if not isinstance(data, dict):
        raise SettingError("", "an experiment is a JSON object")
    try:
        return Experiment.model_validate(_tuples(data))
    except ValidationError as error:
        raise setting_error(error, data) from None


def _tuples(data: Any) -> Any:
    """Lists as tuples, which strict validation asks for."""
    if isinstance(data, list):
        return tuple(_tuples(item) for item in data)
    if isinstance(data, dict):
        return {key: _tuples(item) for key, item in data.items()}
    return data


def value_at(experiment: Experiment, path: str) -> Any:
    """The plain value at a dotted path such as ``optimizers.0.lr``."""
    value: Any = to_data(experiment)
    for part in path.split("."):
        value = _child(value, part, path)
    return value


def with_value(experiment: Experiment, path: str, value: Any) -> Experiment:
    """The experiment with the plain `value` at `path`; SettingError where it is not allowed.

    A new ``kind`` brings the defaults of that alternative, and keeps the settings that both have.
    """
    data = to_data(experiment)
    parts = path.split(".")
    parent: Any = data
    for part in parts[:-1]:
        parent = _child(parent, part, path)
    _child(parent, parts[-1], path)
    key: Any = int(parts[-1]) if isinstance(parent, list) else parts[-1]
    if key == "kind":
        return _with_kind(data, parts[:-1], value)
    parent[key] = value
    return _made(data, parts)


def _child(value: Any, part: str, path: str) -> Any:
    if isinstance(value, dict) and part in value:
        return value[part]
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    if path.startswith(_OF_HELD_ROWS):
        raise SettingError(path, "rows are held out of the data of a fit, and this objective has none: set it to fit")
    raise SettingError(path, "there is no such setting")


def _with_kind(data: dict[str, Any], parts: list[str], kind: Any) -> Experiment:
    """Exchange the alternative at `parts`. What was set otherwise than its default stays, if the new one takes it."""
    before = _at(data, parts)
    usual = _usual(data, parts)
    made = _of_kind(data, parts, kind, before)
    for name, value in before.items():
        now = _at(to_data(made), parts)
        if name == "kind" or value == usual.get(name) or type(value) is not type(now.get(name)):
            continue
        try:
            made = _made(_put(to_data(made), parts, now | {name: value}), [*parts, "kind"])
        except SettingError:
            continue  # the new one has a setting of that name, and refuses the value
    return made


def _of_kind(data: dict[str, Any], parts: list[str], kind: Any, before: dict[str, Any]) -> Experiment:
    """The alternative with its defaults. Other data hold rows out as before, if they can: early stopping needs them."""
    if "validation" in before:
        try:
            return _made(_put(data, parts, {"kind": kind, "validation": before["validation"]}), [*parts, "kind"])
        except SettingError:
            pass  # these data cannot hold rows out so
    return _made(_put(data, parts, {"kind": kind}), [*parts, "kind"])


def _usual(data: dict[str, Any], parts: list[str]) -> dict[str, Any]:
    """The defaults of the alternative at `parts`; none where it cannot be with them, in what stands around it."""
    plain = _put(data, parts, {"kind": _at(data, parts)["kind"]})
    try:
        found: dict[str, Any] = _at(to_data(_made(plain, [*parts, "kind"])), parts)
    except SettingError:
        return {}
    return found


def _at(data: Any, parts: list[str]) -> Any:
    for part in parts:
        data = _child(data, part, ".".join(parts))
    return data


def _put(data: dict[str, Any], parts: list[str], value: dict[str, Any]) -> dict[str, Any]:
    """A copy of `data` with `value` at `parts`."""
    changed = copy.deepcopy(data)
    parent = _at(changed, parts[:-1])
    parent[int(parts[-1]) if isinstance(parent, list) else parts[-1]] = value
    return changed


def _made(data: dict[str, Any], parts: list[str]) -> Experiment:
    """The experiment of `data`; a fit that an edit at `parts` made impossible is mended around what was edited."""
    try:
        return from_data(data)
    except SettingError:
        objective = data["objective"]
        is_kind = parts[-1] == "kind"
        if parts[0] != "objective" or len(parts) < 2 or objective.get("kind") != "fit":
            raise
        is_layer = len(parts) <= 4  # and not what a layer has inside, such as how it learns
        if parts[1] not in ("data", "loss") and not (parts[1] in ("model", "batch") and is_kind and is_layer):
            raise
        fit = mended(_tuples(objective), ".".join(parts[1:-1]) if is_kind else parts[1], is_kind)
        if fit is None:
            raise
    return from_data(data | {"objective": to_data(fit)})


def with_start(experiment: Experiment, x: float, y: float) -> Experiment | None:
    """The experiment with its two numbers starting at (x, y), or its only one at x; None if its start is not so given.

    Whatever the shape of the numbers: two scalars, a vector of two, the weight and the bias of one layer.
    """
    objective = experiment.objective
    if isinstance(objective, TestFunctionObjective):
        return with_value(with_value(experiment, "objective.x", x), "objective.y", y)
    if isinstance(objective, FormulaObjective):
        return _with_start_of_tensors(experiment, objective, [x, y])
    return _with_start_of_layer(experiment, objective, x, y)


def _with_start_of_tensors(
    experiment: Experiment, objective: FormulaObjective, values: list[float]
) -> Experiment | None:
    if objective.parameter_count > len(values):
        return None
    for index, tensor in enumerate(objective.tensors):
        if tensor.role == "parameter":
            own, values = values[: tensor.element_count], values[tensor.element_count :]
            experiment = with_value(experiment, f"objective.tensors.{index}.value", _shaped(own, tensor.shape))
    return experiment


def _shaped(values: list[float], shape: tuple[int, ...]) -> Any:
    """Numbers as a scalar, a list or a list of lists."""
    if not shape:
        return values[0]
    inner = len(values) // shape[0]
    return [_shaped(values[k * inner : (k + 1) * inner], shape[1:]) for k in range(shape[0])]


def _with_start_of_layer(experiment: Experiment, fit: FitObjective, x: float, y: float) -> Experiment | None:
    """One layer with one weight, and perhaps one bias, whose start can be given."""
    counts = [layer.parameter_count(shape) for layer, shape in zip(fit.model, fit.shapes, strict=False)]
    trained = fit.learning_layers
    if len(trained) != 1:
        return None
    layer: Layer = fit.model[trained[0]]
    path = f"objective.model.{trained[0]}"
    if isinstance(layer, LineLayer):
        return with_value(with_value(experiment, f"{path}.w", x), f"{path}.b", y)
    if not isinstance(layer, InitialisedLayer) or "init" not in type(layer).model_fields:
        return None
    if (len(layer.weight_names), len(layer.bias_names)) != (1, counts[trained[0]] - 1):
        return None
    start = {"kind": "constant", "weight": x} | ({"bias": y} if layer.bias_names else {})
    return with_value(experiment, f"{path}.init", start)
