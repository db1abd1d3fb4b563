"""Ways of failing or standing still, made up: each an experiment with the cause that is to be named, and what of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gradviz.core.document.experiment import Experiment, from_data

Data = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """`said` are the parts that the sentence must have; `by_hand` is the advice where it is no edit."""

    experiment: Experiment
    kind: str
    said: tuple[str, ...]
    by_hand: tuple[tuple[str, Any], ...] = ()


def sgd(lr: float = 0.1, **more: Any) -> Data:
    return {"kind": "sgd", "lr": lr, **more}


def made(objective: Data, *optimizers: Data, steps: int = 200, **more: Any) -> Experiment:
    return from_data({"objective": objective, "optimizers": list(optimizers) or [sgd()], "steps": steps, **more})


def formula(text: str, constants: tuple[str, ...] = (), **values: Any) -> Data:
    tensors = [
        {"name": name, "role": "constant" if name in constants else "parameter", "value": value}
        for name, value in values.items()
    ]
    return {"kind": "formula", "tensors": tensors, "text": text}


def function(kind: str, x: float, y: float, **more: Any) -> Data:
    return {"kind": "test_function", "function": {"kind": kind, **more}, "x": x, "y": y}


def table(columns: list[str], rows: list[list[float]], **more: Any) -> Data:
    return {"kind": "table", "table": {"columns": columns, "rows": rows}, **more}


def fit(data: Data, *model: Data, loss: str = "mse", **more: Any) -> Data:
    return {"kind": "fit", "data": data, "model": list(model), "loss": {"kind": loss}, **more}


def linear(features: int, init: Data | None = None) -> Data:
    return {"kind": "linear", "features": features} | ({"init": init} if init else {})


XOR = [[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
LABELLED = table(["a", "b", "y"], XOR, target={"kind": "labels"})
VALUES = table(["a", "b", "y"], XOR)
LARGE = table(["a", "y"], [[float(k), float(k > 1100)] for k in range(1000, 1200, 10)])
HALVES = ("p = sigmoid(w*x)\nl = -mean(y*log(p) + (1 - y)*log(1 - p))", ("x", "y"))
COLUMN, ROW = [[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0]
LINE = fit({"kind": "temperatures"}, {"kind": "line"})
SCALED = fit({"kind": "temperatures", "scale": 0.1}, {"kind": "line"})
COLLINEAR = table(
    ["a", "b", "y"], [[0.1 * k, 0.1 * k + 0.01 * (-1) ** k, 0.3 * k + 0.02 * (-1) ** k] for k in range(-10, 11)]
)


def never_ending() -> Iterator[tuple[str, Way]]:
    """Losses without a bottom, or climbed for ever."""
    kind = "no bottom"
    yield "saddle", Way(made(function("saddle", 1.0, 0.01), steps=1000), kind, ("no minimum",))
    yield (
        "saddle with Adam",
        Way(
            made(function("saddle", 1.0, 0.01), {"kind": "adam", "lr": 0.1}, steps=600),
            kind,
            ("no minimum", "step 600"),
        ),
    )
    yield "saddle of a product", Way(made(formula("f = x*y", x=1.0, y=0.5)), kind, ("falls for ever",))
    yield "bowl upside down", Way(made(formula("f = -x**2", x=0.5), steps=900), kind, ("Maximise on",))
    yield "plane", Way(made(formula("f = 2*x + 1", x=0.0), steps=100), kind, ("falls for ever", "-39"))
    yield "cubic", Way(made(formula("f = x**3", x=-1.0)), kind, ("falls for ever", "weight decay"))
    yield "minus log", Way(made(formula("f = -log(x)", x=1.0), sgd(0.5), steps=500), kind, ("falls for ever",))
    yield "vector of sums", Way(made(formula("f = sum(x)", x=[1.0, 2.0, 3.0])), kind, ("falls for ever",))
    text = "loss = mean(log(sigmoid(w*x)))"
    sign = made(formula(text, ("x",), w=0.5, x=[1.0, 2.0, 3.0]), sgd(0.5), steps=100)
    yield "log likelihood without its minus", Way(sign, kind, ("falls for ever",))
    kind = "maximised without bound"
    climbing = sgd(maximize=True)
    yield "bowl climbed", Way(made(formula("f = x**2", x=1.0), climbing, steps=1000), kind, ("Maximise is on",))
    yield "error climbed", Way(made(SCALED, sgd(0.01, maximize=True), steps=3000), kind, ("Maximise is on",))
    yield (
        "climbed by Adam",
        Way(
            made(formula("f = (x - 3)**2", x=1.0), {"kind": "adam", "lr": 0.1, "maximize": True}),
            kind,
            ("climbs for ever",),
        ),
    )


def of_losses() -> Iterator[tuple[str, Way]]:
    """The last layer and the loss."""
    adam = {"kind": "adam", "lr": 0.05}
    hidden = (linear(8), {"kind": "tanh"})
    missing = made(fit(LABELLED, *hidden, linear(2), loss="nll"), adam, steps=500)
    yield "likelihood of scores", Way(missing, "no log-probabilities", ("log_softmax is missing", "below 0"))
    shares = made(fit(LABELLED, *hidden, linear(2), {"kind": "softmax"}, loss="nll"), adam, steps=500)
    yield "likelihood of shares", Way(shares, "no log-probabilities", ("Softmax gives probabilities", "-1"))
    twice = made(fit(LABELLED, *hidden, linear(2), {"kind": "softmax"}, loss="cross_entropy"), adam, steps=500)
    yield "softmax twice", Way(twice, "softmax twice", ("built in", "0.313"))
    sigmoid = made(fit(LABELLED, *hidden, linear(1), {"kind": "sigmoid"}, loss="bce_with_logits"), adam, steps=500)
    yield "sigmoid twice", Way(sigmoid, "softmax twice", ("built in", "Leave out the last layer"))


def not_finite() -> Iterator[tuple[str, Way]]:
    """Numbers that are none."""
    kind = "zero times infinity"
    text, constants = HALVES
    saturated = formula(text, constants, w=0.0, x=[-100.0, 100.0], y=[0.0, 1.0])
    yield "likelihood saturated", Way(made(saturated, steps=50), kind, ("log(p) is -inf", "p[0] = 0", "softplus"))
    entropy = formula("p = softmax(z)\nh = sum(p*log(p))", z=[0.0, 200.0])
    yield "entropy of a certain one", Way(made(entropy), kind, ("log(p) is -inf", "p[0] = 0"))
    certain = formula("p = sigmoid(z)\nl = -sum(y*log(p))", ("y",), z=[-200.0, 1.0], y=[0.0, 1.0])
    yield "a label that does not count", Way(made(certain), kind, ("p[0] = 0", "0 times that is nan"))
    kind = "branch left out"
    unused = formula("y = where(x <= 0, exp(x), 1 + x)\nloss = sum(y)", x=[1.0, 100.0, 2.0])
    yield "exp in a branch", Way(made(unused, sgd(0.0), steps=1), kind, ("x[1] = 100", "exp(x) is inf"))
    root = formula("f = where(x > 0, sqrt(x), -x)", x=-4.0)
    yield "root in a branch", Way(made(root, steps=20), kind, ("sqrt(x) is nan", "x = -4"))
    sinc = formula("f = -where(x == 0, 1.0, sin(x)/x)", x=0.0)
    yield "division in a branch", Way(made(sinc, steps=20), kind, ("sin(x)/x", "x = 0"))
    logistic = formula("p = 1/(1 + exp(-z))\nloss = sum((p - 1)**2)", z=[-200.0, 1.0])
    yield "a sigmoid by hand", Way(made(logistic, steps=20), kind, ("exp(-z) is inf", "(-z)[0] = 200"))
    kind = "infinite slope"
    exact = formula("loss = sqrt(mean((w*x - y)**2))", ("x", "y"), w=2.0, x=[1.0, 2.0], y=[2.0, 4.0])
    yield "a perfect fit under a root", Way(made(exact), kind, ("sqrt(mean((w*x - y)**2))", "loss is 0"))
    arrives = formula("f = sqrt(x**2)", x=1.0)
    yield "root at its minimum", Way(made(arrives, sgd(0.5)), kind, ("sqrt(x**2)", "x**2 = 0", "loss is 0"))
    distance = formula("f = sqrt(x**2 + y**2)", x=0.0, y=0.0)
    yield "distance 0", Way(made(distance), kind, ("sqrt(x**2 + y**2)", "= 0"))
    yield "hypotenuse 0", Way(made(formula("f = hypot(x, y)", x=0.0, y=0.0)), kind, ("hypot(x, y)", "x = 0"))
    yield "Ackley's hole", Way(made(function("ackley", 0.0, 0.0)), kind, ("sqrt", "= 0"))
    yield "power at 0", Way(made(formula("f = x**0.5", x=0.0), steps=1), kind, ("x**0.5", "x = 0"))
    yield "angle at 1", Way(made(formula("f = sum(acos(x))", x=[0.2, 1.0]), steps=3), kind, ("acos(x)", "x[1] = 1"))
    root = formula("f = sum(x)**0.3", x=[0.0, 0.0])
    yield "third root of a sum", Way(made(root, steps=1), kind, ("sum(x)**0.3", "sum(x) = 0"))


def too_large() -> Iterator[tuple[str, Way]]:
    """Numbers beyond the precision, and values where there are none."""
    kind = "overflow"
    yield "exp of 1000", Way(made(formula("f = exp(x)", x=1000.0), steps=5), kind, ("exp(x)", "x = 1000"))
    square = made(formula("f = mean(x**2)", x=[1.0, 1e30]), steps=5)
    yield "square of 1e30", Way(square, kind, ("x**2", "x[1] = 1e30", "float64"))
    vast = made(
        fit(VALUES, *[linear(16, {"kind": "normal", "deviation": 1e6}) for _ in range(7)], linear(1)), sgd(0.01)
    )
    yield "vast weights", Way(vast, kind, ("layer", "Linear", "weight"))
    targets = made(fit(table(["x", "y"], [[0.0, 1e30], [1.0, 2e30]]), linear(1)), sgd(0.1), steps=1)
    yield "vast targets", Way(targets, kind, ("the targets 2e30",))
    shares = formula("u = exp(z)\nloss = -log(u/sum(u))@y", ("y",), z=[100.0, 1.0], y=[0.0, 1.0])
    yield "softmax by hand", Way(made(shares, steps=20), kind, ("exp(z)", "z[0] = 100", "line 1"))
    summed = formula("loss = log(sum(exp(x))) - x@y", ("y",), x=[1.0, 1000.0], y=[1.0, 0.0])
    yield "log of a sum of exp", Way(made(summed, steps=20), kind, ("exp(x)", "x[1] = 1000"))
    kind = "outside the domain"
    yield "log of -1", Way(made(formula("f = (log(x) - 1)**2", x=-1.0)), kind, ("log(x) is nan", "x = -1"))
    jumps = made(formula("f = x - log(x)", x=3.0), sgd(5.0))
    yield "a step out of the log", Way(jumps, kind, ("log(x) is nan", "x = -0.3", "A step went too far"))
    circle = made(formula("f = -sqrt(1 - x**2)", x=0.9), sgd(2.0))
    yield "a step out of the circle", Way(circle, kind, ("sqrt(1 - x**2) is nan", "step 1"))
    inverse = made(formula("f = (1/x - 2)**2", x=0.0), sgd(0.01))
    yield "1/0", Way(inverse, kind, ("1/x is inf", "x = 0"))
    angle = made(formula("f = acos(x)**2", x=2.0), sgd(0.01))
    yield "angle of 2", Way(angle, kind, ("acos(x) is nan", "x = 2"))
    kind = "epsilon is 0"
    idle = formula("f = (x - 1)**2 + 0*y", x=0.0, y=1.0)
    for rule in ("adam", "rmsprop", "adagrad"):
        yield (
            f"{rule} without epsilon",
            Way(made(idle, {"kind": rule, "lr": 0.1, "eps": 0.0}), kind, ("gradient of y",)),
        )


def too_fast() -> Iterator[tuple[str, Way]]:
    """Rates above what the curvature allows, and gradients that are not those of the loss."""
    kind = "rate too large"
    yield "temperatures", Way(made(LINE, sgd(0.01), steps=5000), kind, ("0.01", "curvature 5883", "Diverged at step"))
    valley = made(function("rosenbrock", -1.5, 2.0), sgd(0.01), steps=500)
    yield "Rosenbrock", Way(valley, kind, ("0.01", "2/curvature"))
    yield "Himmelblau", Way(made(function("himmelblau", 0.5, -5.0), sgd(0.1)), kind, ("0.1", "2/curvature"))
    bowl = function("quadratic", 1.0, 1.0, condition=10.0)
    yield "bowl", Way(made(bowl, sgd(0.21), steps=3000), kind, ("0.21", "curvature 10", "= 0.2"))
    heavy = made(bowl, sgd(0.5, momentum=0.9), steps=3000)
    yield "momentum", Way(heavy, kind, ("2(1 + 0.9)/curvature = 0.38",))
    ahead = made(bowl, sgd(0.5, momentum=0.9, nesterov=True), steps=3000)
    yield "Nesterov", Way(ahead, kind, ("0.5", "curvature 10"))
    rows = fit({"kind": "temperatures"}, {"kind": "line"}, batch={"kind": "mini", "size": 2})
    yield "few rows a step", Way(made(rows, sgd(0.01), steps=3000), kind, ("0.01",))
    by_hand = made(LINE, {"kind": "by_hand", "lr": 0.01}, steps=3000)
    yield "an update by hand", Way(by_hand, kind, ("0.01", "2/curvature"))
    grows = made(bowl, sgd(0.1, schedule={"kind": "lambda", "lr_lambda": "1.05 ** step"}), steps=2000)
    yield "a schedule that grows", Way(grows, kind, ("schedule",))
    tenfold = made(bowl, sgd(0.1, mistake={"kind": "rate_times_ten"}), steps=2000)
    yield "rate times ten", Way(tenfold, "mistake on purpose", ("rate × 10", "(rate 1)"))
    added = made(SCALED, sgd(0.03, mistake={"kind": "no_zero_grad"}), steps=500)
    yield "zero_grad forgotten", Way(added, "mistake on purpose", ("zero_grad forgotten", "without it"))
    below = made(bowl, sgd(0.1, schedule={"kind": "lambda", "lr_lambda": "-1"}), steps=2000)
    yield "a rate below 0", Way(below, "rate below 0", ("-0.1",))
    risen = made(formula("f = x**2", x=1.0), sgd(1.01), steps=100)
    yield "not yet at infinity", Way(risen, kind, ("The learning rate 1.01", "curvature 2", "= 1 "))
    kind = "gradient by hand"
    wrong = formula(
        "loss = mean((w*x - y)**2)\nd_w = mean(2*(y - w*x)*x)", ("x", "y"), w=1.0, x=[1.0, 2.0], y=[3.0, 6.0]
    )
    yield "a sign turned", Way(made(wrong | {"gradient": "by_hand"}, steps=500), kind, ("d_w", "sign is turned"))
    many = formula("loss = sum(x**2)\nd_x = 30*x", x=[1.0, 2.0]) | {"gradient": "by_hand"}
    yield "a factor", Way(made(many, steps=500), kind, ("d_x[1] is 60", "4", "15 times"))
    lost = formula("loss = x**2 + (y - 1)**2\nd_x = 2*x\nd_y = 0*y", x=1.0, y=3.0) | {"gradient": "by_hand"}
    yield "a part lost", Way(made(lost), kind, ("d_y is 0", "autograd gives 4"))


def blocked() -> Iterator[tuple[str, Way]]:
    """Nothing flows, or less than should."""
    kind = "broadcasting"
    text = "loss = mean((w*x + b - y)**2)"
    pairs = formula(text, ("x", "y"), w=1.0, b=0.0, x=COLUMN, y=ROW)
    yield "a column less a row", Way(made(pairs, sgd(0.05), steps=2000), kind, ("(3, 1) with (3)", "9 pairs"))
    turned = formula("loss = mean(abs(y - w*x))", ("x", "y"), w=1.0, x=COLUMN, y=ROW)
    yield "a row less a column", Way(made(turned, sgd(0.01)), kind, ("(3) with (3, 1)", "make y a column"))
    drawn = formula("p = x@w\nloss = mean((p - y)**2)", ("x", "y"), w="zeros(2, 1)", x="randn(8, 2)", y="ones(8)")
    yield "of eight rows", Way(made(drawn), kind, ("(8, 1) with (8)", "64 pairs"))
    kind = "unused parameter"
    spare = formula("loss = (w*x - 3)**2", ("x",), w=1.0, b=2.0, x=2.0)
    yield "a bias that is not added", Way(made(spare, sgd(0.01), steps=1), kind, ("b.grad is None", "no line"))
    cut = formula("a = detach(w*x)\nloss = (a + b - 3)**2", ("x",), w=1.0, b=2.0, x=2.0)
    yield "cut off", Way(made(cut), kind, ("w.grad is None", "detach(w*x) in line 1"))
    parted = made(function("quadratic", 1.0, 1.0), sgd(mistake={"kind": "detach", "name": "x"}))
    yield "a mistake that cuts", Way(parted, kind, ("x.grad is None", "x detached"))
    idle = formula("u = v**2\nloss = (w - 3)**2", w=1.0, v=2.0)
    yield "a line that leads nowhere", Way(made(idle), kind, ("v.grad is None",))
    kind = "dead neurons"
    low = {"kind": "constant", "weight": -1.0, "bias": -1.0}
    dead = made(fit(VALUES, linear(4, low), {"kind": "relu"}, linear(1)), sgd(0.1), steps=500)
    yield "born dead", Way(dead, kind, ("all 4 neurons", "all 4 rows", "layer 1 (ReLU)"))
    thrown = made(fit(LARGE, linear(6), {"kind": "relu"}, linear(1)), sgd(1e-3), steps=300)
    yield "thrown there", Way(thrown, kind, ("neurons of layer 1 (ReLU)", "20 rows"))


def alike() -> Iterator[tuple[str, Way]]:
    """Starts from which nothing sets out."""
    zeros = {"kind": "zeros"}
    still = made(fit(VALUES, linear(4, zeros), {"kind": "tanh"}, linear(1, zeros)), steps=300)
    yield "all zeros", Way(still, "only a bias learns", ("Only 2.bias learns", "16 parameters"))
    deep = made(fit(VALUES, linear(3, zeros), {"kind": "relu"}, linear(3, zeros), {"kind": "relu"}, linear(1, zeros)))
    yield "all zeros and deep", Way(deep, "only a bias learns", ("Only 4.bias learns",))
    kind = "equal neurons"
    same = {"kind": "constant", "weight": 0.5, "bias": 0.1}
    twins = made(fit(VALUES, linear(4, same), {"kind": "tanh"}, linear(1, same)), steps=500)
    yield "all alike", Way(twins, kind, ("4 rows (neurons) of 0.weight",))
    bent = made(fit(VALUES, linear(3, same), {"kind": "relu"}, linear(1, same)), sgd(0.05), steps=300)
    yield "alike under a relu", Way(bent, kind, ("3 rows (neurons) of 0.weight",))
    ones = formula(
        "h = tanh(x@a)\nloss = mean((h@b - y)**2)",
        ("x", "y"),
        a="ones(2, 3)",
        b="ones(3, 1)",
        x="randn(8, 2)",
        y="randn(8, 1)",
    )
    yield "matrices of ones", Way(made(ones), kind, ("3 columns of a",))
    kind = "saddle"
    yield "on a saddle", Way(made(function("saddle", 0.0, 0.0), steps=20), kind, ("curvature -2 along y", "2 across"))
    product = formula("loss = (a*b - 1)**2", a=0.0, b=0.0)
    yield "a product of zeros", Way(made(product), kind, ("saddle", "curvature -2"))
    top = made(formula("f = cos(x)", x=0.0))
    yield "on a top", Way(top, "maximum", ("maximum", "curvature -1 along x"))
    stepped = made(formula("loss = (round(x) - 3)**2", x=1.0))
    smooth = (("objective.text", "loss = (x - 3)**2"),)
    yield "steps of round", Way(stepped, "step function", ("round(x)", "derivative 0 everywhere", "x = 1"), smooth)
    kind = "plateau"
    yield "before a relu", Way(made(formula("loss = (relu(w) - 1)**2", w=-2.0)), kind, ("relu(w)", "w = -2"))
    clamped = made(formula("loss = (clamp(x, -1, 1) - 0.5)**2", x=4.0))
    yield "beyond a clamp", Way(clamped, kind, ("clamp(x, -1, 1)", "x = 4"))
    kind = "saturated neurons"
    flat = made(fit(LARGE, linear(8), {"kind": "sigmoid"}, linear(1)), sgd(0.01), steps=500)
    yield "inputs of a thousand", Way(flat, kind, ("layer 1 (Sigmoid)", "Standardise"))


def standing_still() -> Iterator[tuple[str, Way]]:
    """Steps that lead nowhere."""
    bowl = function("quadratic", 0.0, 1.0, condition=10.0)
    kind = "rate at 2/curvature"
    yield "x squared", Way(made(formula("f = x**2", x=1.0), sgd(1.0), steps=100), kind, ("x = 1, -1, 1", "curvature 2"))
    yield "across a valley", Way(made(bowl, sgd(0.2), steps=100), kind, ("y = 1, -1, 1", "curvature 10"))
    kind = "swings"
    yield "over a kink", Way(made(formula("f = abs(x)", x=0.5), sgd(1.0)), kind, ("x = 0.5, -0.5", "rate 1"))
    kind = "schedule rises again"
    cosine = {"kind": "cosine_annealing", "T_max": 50}
    risen = made(SCALED, sgd(0.01, schedule=cosine), steps=100)
    yield "a cosine of half the length", Way(risen, kind, ("0 at step 50", "0.01 at step 100"))
    waves = made(SCALED, sgd(0.01, schedule={"kind": "cosine_annealing", "T_max": 10}), steps=50)
    yield "a cosine of many waves", Way(waves, kind, ("0 at step 10", "0.01 at step 20"))
    part = made(SCALED, sgd(0.01, schedule={"kind": "cosine_annealing", "T_max": 80, "eta_min": 1e-3}), steps=100)
    yield "a cosine a little too short", Way(part, kind, ("0.001 at step 80",))
    kind = "schedule took the rate to 0"
    for schedule in (
        {"kind": "exponential", "gamma": 0.5},
        {"kind": "polynomial", "total_iters": 5},
        {"kind": "step", "step_size": 2, "gamma": 0.1},
    ):
        gone = made(SCALED, sgd(0.01, schedule=schedule), steps=1000)
        yield f"{schedule['kind']} too fast", Way(gone, kind, ("The schedule has taken the rate from 0.01",))
    yield "a rate of 0", Way(made(SCALED, sgd(0.0), steps=100), "rate is 0", ("rate is 0", "80.36"))
    kind = "rate too small"
    yield "a millionth", Way(made(SCALED, sgd(1e-9), steps=500), kind, ("1e-9", "too small"))
    yield "Adam of 1e-7", Way(made(SCALED, {"kind": "adam", "lr": 1e-7}, steps=500), kind, ("1e-7", "too small"))
    yield "Adadelta", Way(made(SCALED, {"kind": "adadelta", "lr": 1e-3}, steps=300), kind, ("0.001", "too small"))
    kind = "tolerance of LBFGS"
    rest = made(SCALED, {"kind": "lbfgs", "lr": 1.0, "line_search_fn": "strong_wolfe"}, steps=100)
    yield "LBFGS at its end", Way(rest, kind, ("LBFGS has not moved since", "That is its end"))
    early = made(function("quadratic", 0.5, 0.01), {"kind": "lbfgs", "tolerance_grad": 1.0}, steps=20)
    yield "LBFGS satisfied at once", Way(early, kind, ("tolerance_grad = 1", "step 0"))
    kind = "not there yet"
    near = made(fit(COLLINEAR, linear(1)), sgd(0.1), steps=500)
    yield "columns nearly alike", Way(near, kind, ("weight[0, 0] - weight[0, 1]", "times flatter"))
    adam = made(fit(COLLINEAR, linear(1)), {"kind": "adam", "lr": 0.01}, steps=300)
    yield "columns nearly alike, with Adam", Way(adam, kind, ("weight[0, 0] - weight[0, 1]", "times flatter"))
    slow = made(LINE, sgd(1e-4), steps=5000)
    yield "inputs unscaled", Way(slow, kind, ("times flatter along b", "LBFGS"))
    kind = "rounded away"
    large = made(formula("f = (x - y)**2", ("y",), x=1e8, y=100000048.0), sgd(0.01))
    yield "a step too small for float32", Way(large, kind, ("x = 1e8", "nearer than 8", "float64"))
    kind = "weight decay"
    yield "weight decay of 10", Way(made(SCALED, sgd(0.01, weight_decay=10.0), steps=3000), kind, ("Weight decay 10",))


def ways() -> dict[str, Way]:
    """All of them by name."""
    parts = (never_ending, of_losses, not_finite, too_large, too_fast, blocked, alike, standing_still)
    found = [pair for part in parts for pair in part()]
    assert len(dict(found)) == len(found), "two ways have one name"
    return dict(found)
