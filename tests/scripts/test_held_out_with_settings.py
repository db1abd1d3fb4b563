"""Rows held out together with what else a fit may be told: every script ends on the run's figures, or is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_process import executed
from script_runs import ended, parameter_deviation, written
from test_held_out_scripts import ADAM, BATCH, LAYERS, MOONS, early, experiment_of, fit, run_to_its_end

from gradviz.scripts.problems import ScriptError

SHARES = [*LAYERS[:2], {"kind": "linear", "features": 1}, {"kind": "sigmoid"}]
FROZEN = [{**LAYERS[0], "learning": {"kind": "frozen"}}, *LAYERS[1:]]
GROUPED = [{**LAYERS[0], "learning": {"kind": "scaled", "rate_factor": 0.1}}, *LAYERS[1:]]
PENALTY = {"kind": "weights", "l1": 0.002, "l2": 0.01}
CROSS = {"kind": "cross_entropy"}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "shares": (fit(MOONS, SHARES, "bce", evaluate_every=4), ADAM),
    "shares in batches": (fit(MOONS, SHARES, "bce", batch=BATCH, stopping=early(6)), ADAM),
    "penalty": ({**fit(MOONS, LAYERS, ""), "loss": {**CROSS, "penalty": PENALTY}, "stopping": early(5)}, ADAM),
    "accumulated": (fit(MOONS, LAYERS, "cross_entropy", batch={**BATCH, "accumulate": 2}, stopping=early(4)), ADAM),
    "frozen": (fit(MOONS, FROZEN, "cross_entropy", stopping=early(5)), ADAM),
    "groups": (fit(MOONS, GROUPED, "cross_entropy", stopping=early(5)), ADAM),
    "clipped": (
        fit(MOONS, LAYERS, "cross_entropy", stopping=early(5)), {**ADAM, "clipping": {"kind": "norm", "max_norm": 0.1}}
    ),
    "bfloat16": (fit(MOONS, LAYERS, "cross_entropy", autocast={"kind": "bfloat16"}, stopping=early(5)), ADAM),
    "float16": (fit(MOONS, LAYERS, "cross_entropy", autocast={"kind": "float16"}, stopping=early(5)), ADAM),
}  # fmt: skip


REFUSED = {
    ("autograd", "float16"), ("numpy", "accumulated"), ("numpy", "frozen"), ("numpy", "groups"), ("autograd", "groups"),
    ("numpy", "bfloat16"), ("numpy", "float16"),
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["torch", "autograd", "numpy"])
@pytest.mark.parametrize("name", CASES)
def test_a_script_of_both_ends_on_the_runs_figures_or_is_refused(name: str, dialect: Any) -> None:
    objective, optimizer = CASES[name]
    mixed = "autocast" in objective
    experiment = experiment_of(objective, [optimizer], 120, "float32" if mixed or dialect == "torch" else "float64")
    if (dialect, name) in REFUSED:
        with pytest.raises(ScriptError):
            written(experiment, dialect)
        return
    text = written(experiment, dialect)
    trainer, (figures,) = run_to_its_end(experiment)
    found = executed(text)
    said = {key: json.loads(found.printed[-1])[key] for key in figures}
    if dialect == "torch":
        wanted = ended(trainer)
        assert (found.loss, found.parameters, found.gradients) == (wanted.loss, wanted.parameters, wanted.gradients)
        assert said == figures
    else:
        assert parameter_deviation(found, ended(trainer)) < (1e-3 if mixed else 1e-7)
        assert said == pytest.approx(figures, rel=1e-2 if mixed else 1e-7)


@pytest.mark.parametrize("name", ["shares", "penalty", "clipped"])
def test_tensorflow_ends_on_them_too(name: str, server_of: Any) -> None:
    objective, optimizer = CASES[name]
    experiment = experiment_of(objective, [optimizer], 120, "float64")
    trainer, (figures,) = run_to_its_end(experiment)
    found = server_of("tensorflow").run(written(experiment, "tensorflow"))
    assert parameter_deviation(found, ended(trainer)) < 1e-7
    assert {key: json.loads(found.printed[-1])[key] for key in figures} == pytest.approx(figures, rel=1e-7)
