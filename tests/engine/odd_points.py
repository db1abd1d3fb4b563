"""Formulas at odd points, with their slopes by an oracle of their own: mpmath over a small tape of operations.

A tape is lines ``n3 = f(n1, n2)`` over numbers and vectors. Its slope after one number comes of dual numbers in 1200
digits, taken at the number and at a distance of 1e-360 to its left and right; its gradient by hand is written as lines
by the rules of reverse mode. Nothing of it comes from the code under test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import mpmath

M = mpmath.MPContext()
M.dps = 1200
NOTHING = M.mpf(10) ** -340
"""No double is as small as that."""
DISTANCE = M.mpf(10) ** -360
FINER = M.mpf(10) ** -370

Number = Any
Vector = list[Any]


class NoValueError(ValueError):
    """The tape has no real value there."""


@dataclass(frozen=True)
class Operation:
    """Text, value, derivatives after the arguments as values and as texts; x, z are the arguments and y the value."""

    text: str
    value: Callable[..., Number]
    slopes: tuple[Callable[..., Number], ...]
    hands: tuple[str, ...]


def _positive(x: Number) -> Number:
    if x <= 0:
        raise NoValueError
    return x


def _real(value: Number) -> Number:
    if isinstance(value, M.mpc) or not M.isfinite(value):
        raise NoValueError
    return value


def _divided(x: Number, z: Number) -> Number:
    if z == 0:
        raise NoValueError
    return x / z


def _sign(x: Number) -> Number:
    return M.mpf((x > 0) - (x < 0))


def _power(exponent: float) -> Operation:
    def value(x: Number) -> Number:
        if x == 0:
            return M.zero
        return _real(x**exponent)

    def slope(x: Number, _y: Number) -> Number:
        return M.inf if x == 0 and exponent < 1 else exponent * value(x) / x if x else M.mpf(exponent == 1)

    return Operation(f"{{x}}**{exponent}", value, (slope,), (f"{exponent}*{{x}}**{exponent - 1}",))


def _inverse_root(x: Number, _y: Number) -> Number:
    return M.inf if x in (1, -1) else 1 / M.sqrt(1 - x * x)


def _even_round(x: Number) -> Number:
    return M.nint(x)


UNARY = {
    "neg": Operation("-{x}", lambda x: -x, (lambda x, y: -M.one,), ("-1",)),
    "abs": Operation("abs({x})", abs, (lambda x, y: _sign(x),), ("sign({x})",)),
    "relu": Operation("relu({x})", lambda x: max(x, M.zero), (lambda x, y: M.mpf(x > 0),), ("({x} > 0)",)),
    "sqrt": Operation(
        "sqrt({x})", lambda x: _real(M.sqrt(x)), (lambda x, y: M.inf if x == 0 else 1 / (2 * y),), ("0.5/{y}",)
    ),
    "log": Operation("log({x})", lambda x: M.log(_positive(x)), (lambda x, y: 1 / x,), ("1/{x}",)),
    "log1p": Operation("log1p({x})", lambda x: M.log(_positive(1 + x)), (lambda x, y: 1 / (1 + x),), ("1/(1 + {x})",)),
    "exp": Operation("exp({x})", M.exp, (lambda x, y: y,), ("{y}",)),
    "expm1": Operation("expm1({x})", lambda x: M.exp(x) - 1, (lambda x, y: y + 1,), ("exp({x})",)),
    "sin": Operation("sin({x})", M.sin, (lambda x, y: M.cos(x),), ("cos({x})",)),
    "cos": Operation("cos({x})", M.cos, (lambda x, y: -M.sin(x),), ("-sin({x})",)),
    "tanh": Operation("tanh({x})", M.tanh, (lambda x, y: 1 / M.cosh(x) ** 2,), ("1/cosh({x})**2",)),
    "atan": Operation("atan({x})", M.atan, (lambda x, y: 1 / (1 + x * x),), ("1/(1 + {x}**2)",)),
    "acos": Operation(
        "acos({x})", lambda x: _real(M.acos(x)), (lambda x, y: -_inverse_root(x, y),), ("-1/sqrt(1 - {x}**2)",)
    ),
    "asin": Operation("asin({x})", lambda x: _real(M.asin(x)), (_inverse_root,), ("1/sqrt(1 - {x}**2)",)),
    "sigmoid": Operation(
        "sigmoid({x})", lambda x: 1 / (1 + M.exp(-x)), (lambda x, y: y * (1 - y),), ("sigmoid({x})*sigmoid(-{x})",)
    ),
    "softplus": Operation(
        "softplus({x})", lambda x: M.log(1 + M.exp(x)), (lambda x, y: 1 / (1 + M.exp(-x)),), ("sigmoid({x})",)
    ),
    "square": Operation("{x}**2", lambda x: x * x, (lambda x, y: 2 * x,), ("2*{x}",)),
    "reciprocal": Operation("1/{x}", lambda x: _divided(M.one, x), (lambda x, y: -y * y,), ("-1/{x}**2",)),
    "floor": Operation("floor({x})", M.floor, (lambda x, y: M.zero,), ("0*{x}",)),
    "round": Operation("round({x})", _even_round, (lambda x, y: M.zero,), ("0*{x}",)),
    "sign": Operation("sign({x})", _sign, (lambda x, y: M.zero,), ("0*{x}",)),
    "erf": Operation("erf({x})", M.erf, (lambda x, y: 2 / M.sqrt(M.pi) * M.exp(-x * x),), ("2/sqrt(pi)*exp(-{x}**2)",)),
    "root3": _power(1.5),
    "cube": _power(3.0),
    "half": _power(0.5),
}

BINARY = {
    "add": Operation("({x} + {z})", lambda x, z: x + z, (lambda x, z, y: M.one,) * 2, ("1", "1")),
    "sub": Operation("({x} - {z})", lambda x, z: x - z, (lambda x, z, y: M.one, lambda x, z, y: -M.one), ("1", "-1")),
    "mul": Operation("({x} * {z})", lambda x, z: x * z, (lambda x, z, y: z, lambda x, z, y: x), ("{z}", "{x}")),
    "div": Operation(
        "({x} / {z})", _divided, (lambda x, z, y: 1 / z, lambda x, z, y: -x / z**2), ("1/{z}", "-{x}/{z}**2")
    ),
    "max": Operation(
        "maximum({x}, {z})",
        max,
        (lambda x, z, y: M.mpf(x > z) + M.mpf(x == z) / 2, lambda x, z, y: M.mpf(x < z) + M.mpf(x == z) / 2),
        ("({x} > {z}) + 0.5*({x} == {z})", "({x} < {z}) + 0.5*({x} == {z})"),
    ),
    "min": Operation(
        "minimum({x}, {z})",
        min,
        (lambda x, z, y: M.mpf(x < z) + M.mpf(x == z) / 2, lambda x, z, y: M.mpf(x > z) + M.mpf(x == z) / 2),
        ("({x} < {z}) + 0.5*({x} == {z})", "({x} > {z}) + 0.5*({x} == {z})"),
    ),
    "atan2": Operation(
        "atan2({x}, {z})",
        M.atan2,
        (
            lambda x, z, y: z / (x**2 + z**2) if x or z else M.nan,
            lambda x, z, y: -x / (x**2 + z**2) if x or z else M.nan,
        ),
        ("{z}/({x}**2 + {z}**2)", "-{x}/({x}**2 + {z}**2)"),
    ),
    "hypot": Operation(
        "hypot({x}, {z})",
        lambda x, z: M.sqrt(x * x + z * z),
        (lambda x, z, y: x / y if y else M.nan, lambda x, z, y: z / y if y else M.nan),
        ("{x}/{y}", "{z}/{y}"),
    ),
    "above": Operation(
        "where({x} > {z}, {x}, {z}*{x})",
        lambda x, z: x if x > z else z * x,
        (lambda x, z, y: M.one if x > z else z, lambda x, z, y: M.zero if x > z else x),
        ("where({x} > {z}, 1, {z})", "where({x} > {z}, 0, {x})"),
    ),
}


@dataclass
class Tape:
    """Lines over parameters; a number is a vector of length 1. Literals are operands, as doubles."""

    values: dict[str, list[float]]
    is_vector: dict[str, bool] = field(default_factory=dict)
    lines: list[tuple[str, Operation | None, tuple[str | float, ...]]] = field(default_factory=list)

    def add(self, operation: Operation, *operands: str | float) -> str:
        """A line; its name."""
        name = f"n{len(self.lines)}"
        self.lines.append((name, operation, operands))
        self.is_vector[name] = any(self.is_vector.get(str(one), False) for one in operands)
        return name

    def sum(self, operand: str) -> str:
        """The sum of a vector."""
        name = f"n{len(self.lines)}"
        self.lines.append((name, None, (operand,)))
        self.is_vector[name] = False
        return name

    @property
    def text(self) -> str:
        return "\n".join(
            f"{name} = {self._expression(operation, operands)}" for name, operation, operands in self.lines
        )

    def _expression(self, operation: Operation | None, operands: tuple[str | float, ...]) -> str:
        texts = [_text(one) for one in operands]
        return f"sum({texts[0]})" if operation is None else operation.text.format(x=texts[0], z=texts[-1])

    def hand(self) -> str:
        """The gradient by hand, as lines from the last back to the parameters."""
        parts: dict[str, list[str]] = {self.lines[-1][0]: ["1"]}
        written = []
        for name, operation, operands in reversed(self.lines):
            written.append(f"g_{name} = {' + '.join(parts.get(name, ['0']))} + 0*{name}")
            for place, operand in enumerate(operands):
                if isinstance(operand, str):
                    slope = "1" if operation is None else operation.hands[place]
                    slope = slope.format(x=_text(operands[0]), z=_text(operands[-1]), y=name)
                    part = f"g_{name}*({slope})"
                    if self.is_vector[name] and not self.is_vector[operand]:
                        part = f"sum({part} + 0*{name})"
                    parts.setdefault(operand, []).append(part)
        made = [f"d_{name} = {' + '.join(parts.get(name, ['0']))} + 0*{name}" for name in self.values]
        return "\n".join([*written, *made])

    def dual(self, parameter: str, index: int, offset: Number) -> tuple[Number, Number]:
        """The last line, and its slope, where one number is larger by `offset`; NoValueError where there is none."""
        known: dict[str, list[tuple[Number, Number]]] = {}
        for name, numbers in self.values.items():
            known[name] = [(M.mpf(number), M.zero) for number in numbers]
        known[parameter][index] = (known[parameter][index][0] + offset, M.one)
        for name, operation, operands in self.lines:
            given = [known[one] if isinstance(one, str) else [(M.mpf(one), M.zero)] for one in operands]
            if operation is None:
                known[name] = [(M.fsum(v for v, _ in given[0]), M.fsum(d for _, d in given[0]))]
                continue
            size = max(map(len, given))
            known[name] = [_dual(operation, [one[k if len(one) > 1 else 0] for one in given]) for k in range(size)]
        value, slope = known[self.lines[-1][0]][0]
        return _real(value), slope


def _dual(operation: Operation, given: Sequence[tuple[Number, Number]]) -> tuple[Number, Number]:
    values = [value for value, _ in given]
    result = _real(operation.value(*values))
    total = M.zero
    for (_, inner), slope in zip(given, operation.slopes, strict=True):
        if inner != 0:
            total += slope(*values, result) * inner
    return result, total


def _text(operand: str | float) -> str:
    return operand if isinstance(operand, str) else f"({operand!r})"


@dataclass(frozen=True)
class Truth:
    """What the oracle says of one number: `slope` where there is a derivative, else what stands in its way."""

    kind: str
    slope: float
    left: float = math.nan
    right: float = math.nan
    sway: float = 0.0
    """By how much the slope changes as the number grows by its own size."""
    by_rules: float = math.nan
    """What the rules of calculus give at the number itself, which at an edge is a choice."""


def truth_of(tape: Tape, parameter: str, index: int) -> Truth:
    """The slopes of a tape after one number; NoValueError where the loss has no value."""
    x = M.mpf(tape.values[parameter][index])
    unit = abs(x) if x else M.mpf(10) ** -20
    here, rules = tape.dual(parameter, index, M.zero)
    sides = [_side(tape, parameter, index, sign, unit, here) for sign in (-1, 1)]
    kinds = [kind for kind, _, _ in sides]
    slopes = [float(slope) for _, slope, _ in sides]
    by_rules = float(rules) if M.isfinite(rules) else math.nan
    for kind in ("edge", "jump", "infinite"):
        if kind in kinds:
            return Truth(kind, math.nan, *slopes, by_rules=by_rules)
    (_, left, left_far), (_, right, right_far) = sides
    gap, gap_far = abs(right - left), abs(right_far - left_far)
    if gap > M.mpf(10) ** -200 * max(abs(left), abs(right)) and gap > gap_far / 2 and gap > NOTHING:
        return Truth("kink", math.nan, *slopes, by_rules=by_rules)
    middle, farther = (left + right) / 2, max(abs(left_far), abs(right_far))
    if abs(middle) < NOTHING or abs(middle) < M.mpf(10) ** -200 * farther or abs(middle) * 1000 < farther:
        middle = M.zero
    sway = float(gap_far / (2 * DISTANCE)) if x else 0.0
    return Truth("smooth", float(middle), float(middle), float(middle), sway, by_rules)


def _side(tape: Tape, parameter: str, index: int, sign: int, unit: Number, here: Number) -> tuple[str, Number, Number]:
    """What one side is like, and the slope there near and a little farther."""
    try:
        near, slope = tape.dual(parameter, index, sign * unit * FINER)
        far, far_slope = tape.dual(parameter, index, sign * unit * DISTANCE)
    except NoValueError:
        return "edge", M.nan, M.nan
    if not M.isfinite(slope) or not M.isfinite(far_slope):
        return "infinite", M.inf, M.inf
    step, far_step = abs(near - here), abs(far - here)
    if step > far_step / 10 and step > M.mpf(10) ** -150 * max(abs(here), abs(near)):
        return "jump", M.inf, M.inf
    if abs(slope) > 1.2 * abs(far_slope) and abs(slope) > NOTHING:
        return "infinite", M.inf, M.inf
    return "plain", slope, far_slope


# The points

Made = Tape
ZEROS = (1e-3, 1e-5, 1e-8, 1e-12, 1e-20, 1e-50)
SMOOTH = ("sin", "cos", "tanh", "atan", "sigmoid", "softplus", "erf", "square")


def _number(random: Random) -> float:
    """A number of no importance: 0.25 to 3, either sign, some of them short and some not."""
    value = random.choice((random.randint(1, 12) / 4, round(random.uniform(0.3, 3), 2), random.uniform(0.3, 3)))
    return value * random.choice((-1, 1))


def _tiny(random: Random) -> float:
    return random.choice(ZEROS) * random.choice((1, random.uniform(1, 9)))


def _scalar(random: Random, value: float, *more: float) -> Tape:
    values = {name: [number] for name, number in zip("xzw", (value, *more), strict=False)}
    return Tape(values, dict.fromkeys(values, False))


def _near_zero(random: Random) -> Tape:
    """Functions that are steep, or end, at 0."""
    tape = _scalar(random, _tiny(random))
    name = random.choice(("log", "sqrt", "reciprocal", "abs", "relu", "root3", "half", "cube", "tanh"))
    inner = tape.add(UNARY[name], "x")
    if random.random() < 0.4:
        inner = tape.add(BINARY["mul"], inner, "x")
    return tape


def _at_kink(random: Random) -> Tape:
    """Exactly at an edge, or at a small distance of it."""
    edge = random.choice((0.0, 0.0, 1.0, 2.0, 0.3, -1.5))
    distance = random.choice((0.0, 0.0, 1.0, -1.0)) * _tiny(random)
    if edge and abs(distance) < 1e-14:
        distance = 0.0
    tape = _scalar(random, edge + distance)
    shifted = tape.add(BINARY["sub"], "x", edge) if edge else "x"
    choice = random.randrange(6)
    if choice == 0:
        tape.add(UNARY["abs"], shifted)
    elif choice == 1:
        tape.add(UNARY["relu"], shifted)
    elif choice == 2:
        other = tape.add(BINARY["mul"], shifted, _number(random))
        tape.add(BINARY[random.choice(("max", "min"))], shifted, other)
    elif choice == 3:
        tape.add(BINARY["min"], tape.add(BINARY["max"], "x", edge), edge + 1.0)
    elif choice == 4:
        tape.add(UNARY["sqrt"], tape.add(UNARY["square"], shifted))
    else:
        tape.add(BINARY["above"], "x", edge)
    return tape


def _tie(random: Random) -> Tape:
    """Two numbers that are equal, or nearly."""
    value = _number(random)
    other = value * (1 + random.choice((0.0, 0.0, 1e-9, -1e-12)))
    tape = _scalar(random, value, other)
    tape.add(BINARY[random.choice(("max", "min", "above"))], "x", "z")
    return tape


def _domain_end(random: Random) -> Tape:
    """At the last number where there is a value, or just before it."""
    tape = _scalar(random, random.choice((1.0, -1.0)) * (1 - random.choice((0.0, 1e-4, 1e-9, 1e-13))))
    choice = random.randrange(4)
    if choice == 0:
        tape.add(UNARY[random.choice(("acos", "asin"))], "x")
    elif choice == 1:
        tape.add(UNARY["sqrt"], tape.add(BINARY["sub"], 1.0, tape.add(UNARY["square"], "x")))
    elif choice == 2:
        tape.values["x"] = [-1 + _tiny(random) if random.random() < 0.7 else 1e-3]
        tape.add(UNARY["log1p"], "x")
    else:
        tape.values["x"] = [0.0]
        tape.add(UNARY[random.choice(("sqrt", "half", "root3"))], "x")
    return tape


def _cancelling(random: Random) -> Tape:
    """Differences of numbers that are nearly the same."""
    tape = _scalar(random, random.choice((1e-3, 1e-4, 1e-6, 1e-9)) * random.uniform(1, 9))
    choice = random.randrange(6)
    square = tape.add(UNARY["square"], "x")
    if choice == 0:
        tape.add(BINARY["div"], tape.add(BINARY["sub"], 1.0, tape.add(UNARY["cos"], "x")), square)
    elif choice == 1:
        tape.add(BINARY["div"], tape.add(BINARY["sub"], tape.add(UNARY["exp"], "x"), 1.0), "x")
    elif choice == 2:
        cube = tape.add(BINARY["mul"], square, "x")
        tape.add(BINARY["div"], tape.add(BINARY["sub"], "x", tape.add(UNARY["sin"], "x")), cube)
    elif choice == 3:
        root = tape.add(UNARY["sqrt"], tape.add(BINARY["add"], "x", 1.0))
        tape.add(BINARY["div"], tape.add(BINARY["sub"], root, 1.0), "x")
    elif choice == 4:
        big = random.choice((1e6, 1e8, 1e12, 1e15))
        tape.values["x"] = [_number(random)]
        tape.add(UNARY["square"], tape.add(BINARY["sub"], tape.add(BINARY["add"], "x", big), big))
    else:
        tape.add(BINARY["div"], tape.add(UNARY["log"], tape.add(BINARY["add"], "x", 1.0)), "x")
    return tape


def _jump(random: Random) -> Tape:
    """At a step, or beside it."""
    choice = random.randrange(4)
    beside = random.choice((0.0, 0.0, 0.3, 1e-6))
    if choice == 0:
        tape = _scalar(random, random.randint(1, 4) + beside)
        stairs = tape.add(UNARY["floor"], "x")
    elif choice == 1:
        tape = _scalar(random, random.randint(0, 4) + 0.5 + beside)
        stairs = tape.add(UNARY["round"], "x")
    elif choice == 2:
        tape = _scalar(random, beside)
        stairs = tape.add(UNARY["sign"], "x")
    else:
        tape = _scalar(random, beside, random.choice((0.0, -1.0, 1.0)))
        tape.add(BINARY["atan2"], "x", "z")
        return tape
    tape.add(BINARY["add"], stairs, tape.add(BINARY["mul"], "x", _number(random)))
    return tape


def _scaled(random: Random) -> Tape:
    """Numbers of a size that nobody expects."""
    power = random.choice((-200, -100, -30, -9, 9, 30, 100))
    size = float(f"1e{power}")
    tape = _scalar(random, size * random.uniform(1, 9))
    choice = random.randrange(4)
    if choice == 0:
        tape.add(UNARY[random.choice(SMOOTH)], tape.add(BINARY["mul"], "x", float(f"1e{-power}")))
    elif choice == 1:
        tape.add(BINARY["mul"], "x", float(f"{_number(random):.3f}e{random.choice((-30, -power, 20))}"))
    elif choice == 2:
        tape.add(UNARY["log"], "x")
    else:
        tape.values["x"] = [random.uniform(-300, 300)]
        tape.add(UNARY[random.choice(("exp", "sigmoid", "softplus", "tanh"))], "x")
    return tape


def _minimum(random: Random) -> Tape:
    """At a minimum, or so near to it that next to nothing is left of the gradient."""
    middle = _number(random)
    tape = _scalar(random, middle + random.choice((0.0, 1e-4, 1e-9, 4e-16)), _number(random))
    bowl = tape.add(UNARY["square"], tape.add(BINARY["sub"], "x", middle))
    if random.random() < 0.5:
        tape.add(BINARY["add"], bowl, tape.add(BINARY["mul"], "z", tape.add(UNARY["square"], bowl)))
    return tape


def _vector(random: Random) -> Tape:
    """Some elements at an odd place, others not."""
    odd = [0.0, _tiny(random), _number(random), abs(_number(random)), -_tiny(random)]
    numbers = [random.choice(odd) for _ in range(random.randint(2, 4))]
    name = random.choice(("abs", "relu", "square", "cube", "tanh", "sigmoid", "softplus", "sqrt", "log", "reciprocal"))
    if name in ("sqrt", "log", "reciprocal", "cube"):
        numbers = [abs(number) or 0.5 for number in numbers]
    tape = Tape({"x": numbers}, {"x": True})
    inner = tape.add(UNARY[name], "x")
    total = tape.sum(tape.add(BINARY["mul"], inner, "x") if random.random() < 0.4 else inner)
    if random.random() < 0.3 and name in ("square", "abs"):
        tape.add(UNARY["sqrt"], total)
    return tape


def _mixed(random: Random) -> Tape:
    """Edges inside a formula, some of which cancel each other."""
    tape = _scalar(random, random.choice((0.0, 0.0, 1e-9, _number(random))))
    first = tape.add(UNARY[random.choice(("relu", "abs", "square", "sin"))], "x")
    second = tape.add(UNARY[random.choice(("relu", "abs"))], tape.add(UNARY["neg"], "x"))
    tape.add(BINARY[random.choice(("add", "sub", "mul"))], first, second)
    return tape


ODD = (_near_zero, _at_kink, _tie, _domain_end, _cancelling, _jump, _scaled, _minimum, _vector, _mixed)


def odd_point(random: Random) -> Tape:
    """A formula at a point of an odd kind, by itself or within a smooth one."""
    tape = random.choice(ODD)(random)
    last = tape.lines[-1][0]
    if random.random() < 0.3:
        tape.add(BINARY["add"], tape.add(UNARY[random.choice(SMOOTH)], last), last)
    elif random.random() < 0.2:
        tape.add(BINARY["mul"], last, _number(random))
    return tape


def ordinary_point(random: Random) -> Tape:
    """Some operations on numbers of no importance."""
    tape = _scalar(random, *[_number(random) for _ in range(random.randint(1, 3))])
    names = list(tape.values)
    for _ in range(random.randint(2, 6)):
        if random.random() < 0.5:
            names.append(tape.add(UNARY[random.choice((*SMOOTH, "abs", "relu", "cube"))], random.choice(names[-3:])))
        else:
            kind = random.choice(("add", "sub", "mul", "max", "hypot", "atan2"))
            names.append(tape.add(BINARY[kind], random.choice(names), random.choice(names[-3:])))
    tape.add(BINARY["add"], names[-1], tape.add(UNARY["sin"], names[-1]))
    return tape
