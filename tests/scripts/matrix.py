"""Every optimiser, mistake and layer, with whatever else decides a run, as experiments whose scripts are compared.

A case is a choice for each of `FACTORS`. `short_cases` and `rate_cases` have every pair of optimiser, mistake and
layer, the other factors drawn for each; `every_case` has each of the three with each.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.initialisations import INITIALISATIONS
from gradviz.core.objectives.losses import LOSSES
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS
from gradviz.core.optimizers.catalogue import OPTIMIZERS
from gradviz.core.optimizers.mistakes import MISTAKES
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES

STEPS = 6
"""More than an epoch of the mini-batches below, and more than the schedules below need to change."""
ROWS = 20
Case = dict[str, Any]


def kinds(entries: Any) -> list[str]:
    return [str(entry.model_fields["kind"].default) for entry in entries]


FORMULAS = {
    "formula": "u = a*b\nv = u + b**2\nloss = mean(v**2) + a**2",
    "functions": "u = tanh(a*b) + softplus(b)\nv = where(u > 1, u, 2*u)\nloss = sum(exp(-v**2)) + 0.1*norm(m @ b)",
    "flat": "u = ceil(a) + 0*a\nloss = mean((u*b - 1)**2)",
    "by hand": "loss = sum(b**2) + a**2\nd_a = 2*a\nd_b = 2*b",
}
FACTORS: dict[str, list[Any]] = {
    "optimizer": kinds(OPTIMIZERS),
    "mistake": kinds(MISTAKES),
    "layer": [*kinds(LAYERS), *FORMULAS, "test function"],
    "variant": [0, 1, 2, 3],
    "loss": kinds(LOSSES),
    "reduction": ["mean", "sum"],
    "init": kinds(INITIALISATIONS),
    "schedule": ["none", "none", "none", *kinds(SCHEDULES)],
    "batch": ["full", "shuffled", "in order", "uneven"],
    "dtype": ["float32", "float64"],
    "seed": [0, 7, 2**40 + 3],
    "mode": ["train", "train", "eval"],
    "scaling": ["none", "standardise", "min_max", "divide"],
    "function": kinds(TEST_FUNCTIONS),
    "clipping": ["none", "none", "none", "norm 2", "norm 1", "norm inf", "value"],
}
MAIN = ("optimizer", "mistake", "layer")


def short_cases() -> Iterator[Case]:
    """Every pair of optimiser, mistake and layer at least once: a case for each optimiser and layer."""
    mistakes = FACTORS["mistake"]
    for i, optimizer in enumerate(FACTORS["optimizer"]):
        for j, layer in enumerate(FACTORS["layer"]):
            yield filled({"optimizer": optimizer, "layer": layer, "mistake": mistakes[(i + j) % len(mistakes)]})


def rate_cases() -> Iterator[Case]:
    """The same with the mistakes alone that an update by hand can make, so that each optimiser meets each layer."""
    for i, optimizer in enumerate(FACTORS["optimizer"]):
        for j, layer in enumerate(FACTORS["layer"]):
            mistake = ("rate_times_ten", "none")[(i + j) % 2]
            yield filled({"optimizer": optimizer, "layer": layer, "mistake": mistake}, 1)


def every_case(round_number: int = 0) -> Iterator[Case]:
    """Each optimiser with each mistake and each layer; every round has other values of the other factors."""
    for optimizer in FACTORS["optimizer"]:
        for mistake in FACTORS["mistake"]:
            for layer in FACTORS["layer"]:
                yield filled({"optimizer": optimizer, "layer": layer, "mistake": mistake}, round_number)


def filled(main: Case, round_number: int = 0) -> Case:
    """The main choices with others that are drawn from them, the same in every process."""
    draw = random.Random(f"{sorted(main.items())} {round_number}")
    return {name: main[name] if name in main else draw.choice(values) for name, values in FACTORS.items()}


def experiment_of(case: Case) -> Experiment:
    """The experiment; a SettingError where the choices cannot be together."""
    data = {
        "objective": objective_of(case),
        "optimizers": [optimizer_of(case)],
        "steps": STEPS,
        "seed": case["seed"],
        "dtype": case["dtype"],
    }
    return from_data(data)


OFF_DEFAULT: dict[str, list[dict[str, Any]]] = {
    "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05, "maximize": True},
            {"momentum": 0.9, "nesterov": True, "implementation": "foreach"}],
    "adam": [{}, {"amsgrad": True, "weight_decay": 0.05}, {"decoupled_weight_decay": True, "weight_decay": 0.05},
             {"maximize": True, "implementation": "fused"}],
    "adamw": [{}, {"amsgrad": True, "weight_decay": 0.2}, {"maximize": True}, {"implementation": "foreach"}],
    "adamax": [{}, {"weight_decay": 0.05}, {"maximize": True}, {"implementation": "foreach"}],
    "nadam": [{}, {"weight_decay": 0.05, "decoupled_weight_decay": True}, {"maximize": True, "momentum_decay": 0.1},
              {"implementation": "foreach"}],
    "radam": [{}, {"weight_decay": 0.05}, {"maximize": True, "betas": [0.5, 0.6]}, {"implementation": "foreach"}],
    "rmsprop": [{}, {"momentum": 0.9}, {"centered": True, "weight_decay": 0.05}, {"maximize": True}],
    "adagrad": [{}, {"lr_decay": 0.1}, {"initial_accumulator_value": 0.5, "weight_decay": 0.05}, {"maximize": True}],
    "adadelta": [{}, {"weight_decay": 0.05}, {"maximize": True}, {"implementation": "foreach"}],
    "asgd": [{}, {"weight_decay": 0.05, "lambd": 0.1}, {"maximize": True, "t0": 2.0}, {"implementation": "foreach"}],
    "rprop": [{}, {"etas": [0.3, 1.5]}, {"maximize": True}, {"implementation": "foreach"}],
    "lbfgs": [{}, {"line_search_fn": "strong_wolfe"}, {"history_size": 2}, {"max_eval": 3}],
    "by_hand": [{}, {"rounding": "twice"}, {}, {}],
    "adafactor": [{}, {"weight_decay": 0.05}, {"maximize": True}, {"d": 2.0}],
    "muon": [{}, {"nesterov": False}, {"weight_decay": 0.0}, {"adjust_lr_fn": "match_rms_adamw"}],
}  # fmt: skip
"""Four sets of settings of each optimiser, so that every branch of its rule is written at least once."""
RATES = {"lbfgs": 0.1, "adadelta": 0.5}
SHORT: dict[str, dict[str, Any]] = {
    "lambda": {"lr_lambda": "1/(1 + step)"}, "multiplicative": {"lr_lambda": "0.9"}, "step": {"step_size": 2},
    "multi_step": {"milestones": [1, 4]}, "constant": {"total_iters": 3}, "linear": {"total_iters": 4},
    "exponential": {"gamma": 0.8}, "polynomial": {"total_iters": 8, "power": 2.0},
    "cosine_annealing": {"T_max": 4, "eta_min": 0.001}, "cosine_warm_restarts": {"T_0": 3},
    "cyclic": {"base_lr": 0.001, "max_lr": 0.02, "step_size_up": 2},
    "one_cycle": {"max_lr": 0.02, "total_steps": 20}, "reduce_on_plateau": {"patience": 0},
    "sequential": {"schedules": [{"kind": "linear", "total_iters": 2}, {"kind": "exponential"}], "milestones": [3]},
    "chained": {"schedules": [{"kind": "exponential", "gamma": 0.9}, {"kind": "step", "step_size": 2}]},
}  # fmt: skip
"""Settings with which a schedule changes the rate within `STEPS`; never to 0, by which LBFGS's line search divides."""


def optimizer_of(case: Case) -> dict[str, Any]:
    kind, schedule = case["optimizer"], case["schedule"]
    extra = OFF_DEFAULT[kind][case["variant"]]
    short = {"max_iter": 4} if kind == "lbfgs" else {}
    return {
        "kind": kind,
        "lr": RATES.get(kind, 0.01),
        "schedule": {"kind": schedule} | SHORT.get(schedule, {}),
        "mistake": mistake_of(case),
        **({} if kind == "lbfgs" else {"clipping": clipping_of(case)}),
        **short,
        **extra,
    }


def clipping_of(case: Case) -> dict[str, Any]:
    """Bounds that the gradients of these experiments are beyond now and then."""
    kind, _, norm = case["clipping"].partition(" ")
    given = {"norm": {"max_norm": 0.2, "norm_type": norm}, "value": {"clip_value": 0.05}}.get(kind, {})
    return {"kind": kind, **given}


def mistake_of(case: Case) -> dict[str, Any]:
    kind = case["mistake"]
    if kind == "cycle":
        return {"kind": kind, "actions": [["backward", "backward", "zero"], ["zero", "backward"]][case["variant"] % 2]}
    return {"kind": kind} | ({"name": detached_name(case)} if kind == "detach" else {})


def detached_name(case: Case) -> str:
    """A value, a parameter or a layer that can be detached."""
    if case["layer"] == "line":
        return "prediction"
    names = {"formula": ("u", "a", "v", "b"), "functions": ("u", "a", "v", "m"), "test function": ("x", "y", "x", "y"),
             "flat": ("u", "a", "u", "b"), "by hand": ("a", "b", "a", "b")}  # fmt: skip
    return names.get(case["layer"], ("0", "1", "0", "1"))[case["variant"]]


def objective_of(case: Case) -> dict[str, Any]:
    layer = case["layer"]
    if layer == "test function":
        return {"kind": "test_function", "function": {"kind": case["function"]}, "x": 0.7, "y": -0.4}
    if layer in FORMULAS:
        return formula_of(case)
    batch = {
        "full": {"kind": "full"},
        "shuffled": {"kind": "mini", "size": 5},
        "in order": {"kind": "mini", "size": 10, "shuffle": False},
        "uneven": {"kind": "mini", "size": 6},
    }[case["batch"]]
    loss = {"kind": case["loss"], "reduction": case["reduction"]}
    if layer == "line":
        labels = ("cross_entropy", "nll", "bce_with_logits", "bce")
        loss["kind"] = "mse" if case["loss"] in labels else case["loss"]
        data = {"kind": "temperatures", "scale": 0.02}
        return {"kind": "fit", "data": data, "model": [{"kind": "line"}], "loss": loss, "batch": batch}
    data, outputs = data_of(case)
    model = [one for one in around(case) if one] + [{"kind": "linear", "features": outputs}]
    last = {"nll": "log_softmax", "bce": "sigmoid"}.get(case["loss"])
    model += [{"kind": last}] if last else []
    return {
        "kind": "fit",
        "data": data,
        "model": [settled(one, case) for one in model],
        "loss": loss,
        "batch": batch,
        "mode": case["mode"],
    }


def formula_of(case: Case) -> dict[str, Any]:
    drawn = case["variant"] == 3
    tensors = [
        {"name": "a", "role": "parameter", "value": 0.8},
        {"name": "b", "role": "parameter", "value": "randn(2)" if drawn else [0.4, 0.7]},
        {"name": "m", "role": "constant", "value": "rand(3, 2)" if drawn else [[0.3, 0.1], [0.7, -0.2]]},
    ]
    if case["layer"] == "functions":
        tensors[2]["role"] = "parameter"
    generator = "torch" if case["seed"] == 7 else "numpy"
    by_hand = {"gradient": "by_hand"} if case["layer"] == "by hand" else {}
    return {"kind": "formula", "tensors": tensors, "text": FORMULAS[case["layer"]], "generator": generator, **by_hand}


def data_of(case: Case) -> tuple[dict[str, Any], int]:
    """Data that suits the loss and the layer, and how many outputs the model has."""
    loss = case["loss"]
    if case["layer"] == "embedding":
        outputs = 1 if loss in ("bce_with_logits", "bce") else 2
        return {"kind": "tokens", "points": ROWS, "length": 3, "tokens": 5}, outputs
    if loss in ("cross_entropy", "nll"):
        return {"kind": "blobs", "points": ROWS, "classes": 3}, 3
    if loss in ("bce_with_logits", "bce"):
        return {"kind": "moons", "points": ROWS}, 1
    if case["scaling"] == "none":
        return {"kind": "regression", "points": ROWS, "inputs": 3, "targets": 2, "noise": 0.5}, 2
    return {"kind": "table", "table": TABLE, "scaling": {"kind": case["scaling"]}}, 1


TABLE = {
    "columns": ["a", "b", "y"],
    "rows": [[k % 7 - 3.0, (k * k) % 5 + 0.25 * k, 0.1 * k - 1.0] for k in range(ROWS)],
}


def around(case: Case) -> list[dict[str, Any]]:
    """The layer, with those before and after it that its shapes need."""
    layer = {"kind": case["layer"]}
    if layer["kind"] == "embedding":
        return [layer | {"tokens": 5, "features": 2}, {"kind": "flatten"}]
    images = {"conv2d": [1, 3, 4], "max_pool2d": [1, 3, 4], "avg_pool2d": [1, 3, 4], "conv1d": [2, 6],
              "max_pool1d": [2, 6], "reshape": [3, 4]}  # fmt: skip
    sequences = ("lstm", "gru", "rnn")
    small = {"conv2d": {"channels": 2, "kernel": 2}, "conv1d": {"channels": 2, "kernel": 3}}
    features = {"linear": {"features": 3}, **{kind: {"features": 3} for kind in sequences}}
    layer |= {**small, **features}.get(layer["kind"], {})
    if layer["kind"] == "reshape":
        return [{"kind": "linear", "features": 12}, layer | {"shape": [3, 4]}, {"kind": "flatten"}]
    if layer["kind"] in images:
        reshape = {"kind": "reshape", "shape": images[layer["kind"]]}
        return [{"kind": "linear", "features": 12}, reshape, layer, {"kind": "flatten"}]
    if layer["kind"] in sequences:
        return [{"kind": "linear", "features": 12}, {"kind": "reshape", "shape": [4, 3]}, layer]
    return [{"kind": "linear", "features": 4}, layer]


WITH_START = ("linear", "conv1d", "conv2d", "embedding", "lstm", "gru", "rnn")


def settled(layer: dict[str, Any], case: Case) -> dict[str, Any]:
    """A layer with its initialisation; without what Muon, which knows matrices alone, could not train."""
    kind = layer["kind"]
    start = {"init": {"kind": case["init"]}} if kind in WITH_START else {}
    bare = case["optimizer"] == "muon"
    no_bias = {"bias": False} if bare and kind in WITH_START and kind != "embedding" else {}
    return layer | start | no_bias | ({"affine": False} if bare and kind in ("batch_norm1d", "layer_norm") else {})
