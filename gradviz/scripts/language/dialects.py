"""The dialects of an exported script: how each names the functions of a formula, a number and a tensor.

Adding a function to the formulas: its entry in `_ELEMENTWISE` or `_REDUCTIONS`, and where a library has no
function for it, one in `HELPERS`, which the script then defines. A dialect without an entry refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DialectName = Literal["numpy", "autograd", "torch", "tensorflow"]
DIALECTS: tuple[DialectName, ...] = ("numpy", "autograd", "torch", "tensorflow")


@dataclass(frozen=True, slots=True)
class Library:
    """What a dialect computes with. `axis` is its keyword for a dimension."""

    name: Literal["numpy", "torch", "tensorflow", "python"]
    prefix: str
    axis: str
    functions: dict[str, str]
    reductions: dict[str, str]
    helpers: dict[str, str]

    def dtype(self, dtype: str) -> str:
        """A dtype such as float32 as the library writes it."""
        return f"{self.prefix}.{dtype}"

    def constant(self, value: str, dtype: str) -> str:
        """A value that is not trained; torch has the script's precision as its default."""
        if self.name == "torch":
            return f"torch.tensor({value})"
        maker = "np.array" if self.name == "numpy" else "tf.constant"
        return f"{maker}({value}, dtype={self.dtype(dtype)})"


# formula function: numpy, torch, tensorflow; a name without a dot is a helper that the script defines
_ELEMENTWISE = {
    "abs": "np.abs torch.abs tf.abs",
    "sqrt": "np.sqrt torch.sqrt tf.sqrt",
    "exp": "np.exp torch.exp tf.exp",
    "log": "np.log torch.log tf.math.log",
    "log2": "np.log2 torch.log2 log2",
    "log10": "np.log10 torch.log10 log10",
    "log1p": "np.log1p torch.log1p tf.math.log1p",
    "expm1": "np.expm1 torch.expm1 tf.math.expm1",
    "sin": "np.sin torch.sin tf.sin",
    "cos": "np.cos torch.cos tf.cos",
    "tan": "np.tan torch.tan tf.tan",
    "asin": "np.arcsin torch.asin tf.asin",
    "acos": "np.arccos torch.acos tf.acos",
    "atan": "np.arctan torch.atan tf.atan",
    "sinh": "np.sinh torch.sinh tf.sinh",
    "cosh": "np.cosh torch.cosh tf.cosh",
    "tanh": "np.tanh torch.tanh tf.tanh",
    "sigmoid": "sigmoid torch.sigmoid tf.sigmoid",
    "relu": "relu torch.relu tf.nn.relu",
    "sign": "np.sign torch.sign tf.sign",
    "floor": "np.floor torch.floor tf.floor",
    "ceil": "np.ceil torch.ceil tf.math.ceil",
    "round": "np.round torch.round tf.round",
    "erf": "erf torch.erf tf.math.erf",
    "square": "np.square torch.square tf.square",
    "reciprocal": "np.reciprocal torch.reciprocal tf.math.reciprocal",
    "rsqrt": "rsqrt torch.rsqrt tf.math.rsqrt",
    "softplus": "softplus nn.functional.softplus tf.nn.softplus",
    "gelu": "gelu nn.functional.gelu tf.nn.gelu",
    "silu": "silu nn.functional.silu tf.nn.silu",
    "atan2": "np.arctan2 torch.atan2 tf.atan2",
    "hypot": "np.hypot torch.hypot hypot",
    "minimum": "np.minimum torch.minimum minimum",
    "maximum": "np.maximum torch.maximum maximum",
    "pow": "np.power torch.pow tf.pow",
    "where": "np.where torch.where tf.where",
    "clamp": "np.clip torch.clamp tf.clip_by_value",
    "dot": "np.dot torch.dot dot",
}
_REDUCTIONS = {
    "sum": "np.sum torch.sum tf.reduce_sum",
    "mean": "np.mean torch.mean tf.reduce_mean",
    "prod": "np.prod torch.prod tf.reduce_prod",
    "amax": "np.max torch.amax tf.reduce_max",
    "amin": "np.min torch.amin tf.reduce_min",
    "max": "np.max torch.max tf.reduce_max",
    "min": "np.min torch.min tf.reduce_min",
    "var": "variance torch.var variance",
    "std": "deviation torch.std deviation",
    "norm": "np.linalg.norm torch.linalg.vector_norm tf.norm",
    "softmax": "softmax torch.softmax tf.nn.softmax",
    "log_softmax": "log_softmax torch.log_softmax tf.nn.log_softmax",
}

_NUMPY_HELPERS = {
    "sigmoid": """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
""",
    "relu": """
def relu(z):
    return np.maximum(z, 0)
""",
    "erf": """
def erf(z):
    return np.vectorize(math.erf, otypes=[np.asarray(z).dtype])(z)
""",
    "rsqrt": """
def rsqrt(z):
    return 1 / np.sqrt(z)
""",
    "softplus": """
def softplus(z):
    return np.logaddexp(z, 0)  # log(1 + exp(z)), without overflow
""",
    "gelu": """
def gelu(z):
    return 0.5 * z * (1 + erf(z / math.sqrt(2)))
""",
    "silu": """
def silu(z):
    return z * sigmoid(z)
""",
    "variance": """
def variance(z, axis=None):
    return np.var(z, axis=axis, ddof=1)  # over n - 1, as torch.var has it
""",
    "deviation": """
def deviation(z, axis=None):
    return np.std(z, axis=axis, ddof=1)  # over n - 1, as torch.std has it
""",
    "softmax": """
def softmax(z, axis=-1):
    # the largest is taken off: no overflow
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
""",
    "log_softmax": """
def log_softmax(z, axis=-1):
    # the largest is taken off: no overflow
    z = z - np.max(z, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
""",
}
_TENSORFLOW_HELPERS = {
    "log2": """
def log2(z):
    return tf.math.log(z) / math.log(2)
""",
    "log10": """
def log10(z):
    return tf.math.log(z) / math.log(10)
""",
    "hypot": """
def hypot(a, b):
    return tf.sqrt(a**2 + b**2)
""",
    "minimum": """
def minimum(a, b):
    # at a tie each takes half of the gradient, as in PyTorch; tf.minimum gives it all to the first
    return tf.where(a < b, a, tf.where(a > b, b, (a + b) / 2))
""",
    "maximum": """
def maximum(a, b):
    # at a tie each takes half of the gradient, as in PyTorch; tf.maximum gives it all to the first
    return tf.where(a > b, a, tf.where(a < b, b, (a + b) / 2))
""",
    "dot": """
def dot(a, b):
    return tf.tensordot(a, b, 1)
""",
    "variance": """
def variance(z, axis=None):
    mean = tf.reduce_mean(z, axis=axis, keepdims=True)
    n = tf.size(z) // tf.size(mean)
    return tf.reduce_sum((z - mean) ** 2, axis=axis) / tf.cast(n - 1, z.dtype)  # as torch.var has it
""",
    "deviation": """
def deviation(z, axis=None):
    return tf.sqrt(variance(z, axis))
""",
}
NEEDS = {"gelu": ("erf",), "silu": ("sigmoid",), "deviation": ("variance",)}
"""Helpers that a helper calls."""

_OF_MATH = (
    "sqrt exp log log2 log10 log1p expm1 sin cos tan asin acos atan sinh cosh tanh erf atan2 hypot floor ceil pow"
)


def _column(table: dict[str, str], place: int) -> dict[str, str]:
    return {name: entry.split()[place] for name, entry in table.items()}


NUMPY = Library(
    "numpy", "np", "axis", _column(_ELEMENTWISE, 0) | {"ones": "np.ones"}, _column(_REDUCTIONS, 0), _NUMPY_HELPERS
)
TORCH = Library("torch", "torch", "dim", _column(_ELEMENTWISE, 1), _column(_REDUCTIONS, 1), {})
TENSORFLOW = Library("tensorflow", "tf", "axis", _column(_ELEMENTWISE, 2), _column(_REDUCTIONS, 2), _TENSORFLOW_HELPERS)
PYTHON = Library(
    "python",
    "math",
    "axis",
    {
        **{name: f"math.{name}" for name in _OF_MATH.split()},
        **{"abs": "abs", "round": "round", "minimum": "min", "maximum": "max"},
    },
    {},
    {},
)
LIBRARIES: dict[DialectName, Library] = {
    "numpy": NUMPY,
    "autograd": TORCH,
    "torch": TORCH,
    "tensorflow": TENSORFLOW,
}
LABELS: dict[DialectName, str] = {
    "numpy": "NumPy",
    "autograd": "PyTorch autograd",
    "torch": "PyTorch nn + optim",
    "tensorflow": "TensorFlow",
}
