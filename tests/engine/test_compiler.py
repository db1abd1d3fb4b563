"""torch's compiler stays out of the process, and what its optimisers compute is the same without it.

A test of that runs in a process of its own: whether torch._dynamo is loaded is a fact of the whole process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from gradviz.core.optimizers.catalogue import OPTIMIZERS, SGD, Adam
from gradviz.engine.compiler import build_optimizer, plain_step
from tests.program import environment

HEAVY = {"torch._dynamo", "torch._inductor"}
"""Of sympy, which they import, some operations have need of their own (cross entropy under vmap)."""

TRAIN = """
import torch
from gradviz.core.optimizers.catalogue import OPTIMIZERS
from gradviz.core.optimizers.schedule_catalogue import StepDecay
from gradviz.engine.compiler import build_optimizer

def trained(declared, build, change=lambda step: None):
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(3, 4)), torch.nn.Parameter(torch.randn(2, 3))]
    optimizer = build(declared, parameters)
    schedule = declared.build_schedule(optimizer, 20)
    def closure():
        optimizer.zero_grad()
        loss = (parameters[1] @ parameters[0]).tanh().square().sum()
        loss.backward()
        return loss
    for step in range(20):
        change(step)
        if declared.needs_closure:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        schedule.step()
    optimizer.load_state_dict(optimizer.state_dict())
    return [p.detach().numpy().tobytes().hex() for p in parameters]

def declarations():
    for kind in OPTIMIZERS:
        switches = ("default", "for-loop", "foreach") if "implementation" in kind.model_fields else ("",)
        for switch in switches:
            chosen = {"implementation": switch} if switch else {}
            yield f"{kind.__name__} {switch}", kind(schedule=StepDecay(step_size=5), **chosen)

as_torch_does = lambda declared, parameters: declared.build(parameters)
"""


def in_a_fresh_process(code: str) -> Any:
    """What `code` leaves in the variable `told`."""
    script = f"import json, sys\n{code}\nprint(json.dumps(told))"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=environment(), check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout.splitlines()[-1])


def test_every_optimiser_computes_the_same_bits_with_and_without_the_compiler() -> None:
    code = TRAIN + "results = {name: trained(declared, BUILD) for name, declared in declarations()}\n"
    code += "told = results, sorted(sys.modules)"
    with_it, loaded = in_a_fresh_process(code.replace("BUILD", "as_torch_does"))
    without_it, lean = in_a_fresh_process(code.replace("BUILD", "build_optimizer"))
    assert len(with_it) > len(OPTIMIZERS), "some have a choice of implementation"
    assert without_it == with_it
    assert HEAVY & set(loaded), "this torch's optimisers need no compiler: gradviz.engine.compiler may go"
    assert not HEAVY & set(lean), "torch's optimisers import its compiler in another way than compiler.py knows"


def test_torch_has_its_own_wrappers_again_once_something_imports_the_compiler() -> None:
    code = (
        TRAIN
        + """
from gradviz.core.optimizers.catalogue import SGD
declared = SGD(lr=0.1, schedule=StepDecay(step_size=5))
breaks = []
def change(step):
    if step == 10:
        import torch._dynamo
        torch._dynamo.graph_break = lambda: breaks.append(step)
mixed = trained(declared, build_optimizer, change)
zero_grad = vars(torch.optim.Optimizer.zero_grad.__wrapped__)["__dynamo_disable"]
told = mixed, trained(declared, as_torch_does), len(breaks), zero_grad.__module__
"""
    )
    mixed, torchs, breaks, module = in_a_fresh_process(code)
    assert mixed == torchs
    assert breaks == 2 * (10 + 20), "torch's step marks its graph before and after each update"
    assert module.startswith("torch")


def test_grad_mode_is_as_before_after_a_step_that_failed() -> None:
    code = (
        TRAIN
        + """
from gradviz.core.optimizers.catalogue import SGD
optimizer = build_optimizer(SGD(), [torch.nn.Parameter(torch.zeros(2))])
modes = []
def closure():
    modes.append(torch.is_grad_enabled())
    raise ValueError("no")
def failed():
    try:
        optimizer.step(closure)
    except ValueError:
        return torch.is_grad_enabled()
told = failed(), torch.no_grad()(failed)(), modes
"""
    )
    assert in_a_fresh_process(code) == [True, False, [True, True]]


def an_optimizer(declared: Any = Adam()) -> tuple[torch.optim.Optimizer, torch.nn.Parameter]:  # noqa: B008 - frozen
    parameter = torch.nn.Parameter(torch.linspace(-1, 1, 7))
    parameter.grad = torch.linspace(2, -3, 7)
    return build_optimizer(declared, [parameter]), parameter


def test_a_step_that_announces_nothing_computes_the_same_bits() -> None:
    (one, expected), (other, found) = an_optimizer(), an_optimizer()
    step = plain_step(other)
    for _ in range(5):
        one.step()
        step()
    assert torch.equal(found, expected)
    with torch.profiler.profile() as seen:
        step()
    assert not any("Optimizer.step" in event.key for event in seen.key_averages()), "else it is torch's whole wrapper"
    assert torch.is_grad_enabled()


def test_where_somebody_has_hooked_it_the_whole_step_is_taken() -> None:
    called: list[str] = []
    optimizer, _ = an_optimizer(SGD())
    optimizer.register_step_post_hook(lambda *_: called.append("own"))
    plain_step(optimizer)()
    handle = register_optimizer_step_pre_hook(lambda *_: called.append("all"))
    try:
        plain_step(an_optimizer()[0])()
    finally:
        handle.remove()
    assert called == ["own", "all"]
    scheduled, _ = an_optimizer(SGD())
    torch.optim.lr_scheduler.StepLR(scheduled, 3)
    assert plain_step(scheduled) is scheduled.step, "the scheduler counts its calls"


def test_a_step_that_does_more_than_the_known_one_keeps_its_wrapper() -> None:
    code = """
import functools, torch
from gradviz.engine import compiler
def wrapped(step):
    @functools.wraps(step)
    def other(*args, **kwargs):
        import torch._dynamo
        torch._dynamo.graph_break()
        return step(*args, **kwargs)
    return other
class Newer(torch.optim.SGD):
    step = wrapped(torch.optim.SGD.step)
own = vars(Newer)["step"]
known = vars(torch.optim.SGD)["step"]
compiler.spare_optimizers()
compiler.spare(len)
told = vars(Newer)["step"] is own, vars(torch.optim.SGD)["step"] is known
"""
    assert in_a_fresh_process(code) == [True, False]


@pytest.mark.parametrize("name", ["himmelblau", "line-adam", "race-surface", "moons", "ten-to-two-autograd"])
def test_a_run_and_all_that_is_drawn_of_it_need_no_compiler(name: str) -> None:
    code = f"""
from itertools import islice
from gradviz.core.runs.state import RunState
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.questions.fit import Predict
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.place import Locate
from gradviz.core.questions.surface import Survey
from gradviz.core.questions.trace import TraceGraph
from gradviz.engine.answers.answering import Job
from gradviz.engine.answers.moment import Moment
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.gallery import find_entry
experiment = find_entry({name!r}).experiment
trainer = Trainer(experiment)
moment = Moment(trainer)
steps = len(list(islice(trainer.steps(), 5)))
jobs = [Job(question, moment) for question in (TraceGraph(), ReadParameters(), Predict(), Locate(), Survey(8))]
done = all(job.advance(1.0) for job in jobs) and isinstance(jobs[0].answer.value, TracedGraph)
trainer.result(RunState.PAUSED)
told = steps, done, sorted(sys.modules)
"""
    steps, done, loaded = in_a_fresh_process(code)
    assert (steps, done) == (5, True)
    assert not HEAVY & set(loaded)
