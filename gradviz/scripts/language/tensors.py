"""How each dialect writes the tensors of an experiment: numbers written out, or drawn from its seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradviz.core.formulas.generated_tensors import Source
from gradviz.core.questions.start import Start
from gradviz.core.seeds import random_state_code
from gradviz.scripts.language.dialects import Library
from gradviz.scripts.language.expressions import number_text
from gradviz.scripts.language.page import array_lines
from gradviz.scripts.language.sketch import ScriptTensor, Sketch, element_count
from gradviz.scripts.problems import ScriptError

MOST_LITERALS = 200


class TensorWriter:
    """Writes the declarations of tensors. `trained` wraps what is trained, as in ``tf.Variable(...)``."""

    def __init__(self, library: Library, dtype: str, seed: int, start: Start, kind: str) -> None:
        self.library = library
        self.dtype = dtype
        self.seed = seed
        self.start = start
        self.kind = kind

    def lines(self, sketch: Sketch, names: Mapping[str, str], reached: frozenset[str]) -> list[str]:
        """One statement for every tensor, in the order in which they are drawn."""
        made = self._generators(sketch)
        written_out = False
        for tensor in sketch.tensors:
            is_trained = tensor.name in reached
            if tensor.value is None and self._is_copied(tensor) and self._varies(tensor) and not written_out:
                made.append(f"# the numbers that torch.manual_seed({self.seed}) draws")
                written_out = True
            made += self._statement(names[tensor.name], tensor, is_trained)
        return made

    def _generators(self, sketch: Sketch) -> list[str]:
        by = {tensor.drawn_by for tensor in sketch.tensors}
        lines = []
        if "numpy" in by:
            lines.append(f"random = {random_state_code(self.seed)}")
        if "torch" in by and self.library.name == "torch":
            lines.append(f"torch.manual_seed({self.seed})")
        return lines

    def _is_copied(self, tensor: ScriptTensor) -> bool:
        """Whether its numbers stand in the script because only torch can draw them."""
        if tensor.source is None:
            return True
        return tensor.drawn_by == "torch" and self.library.name != "torch"

    def _varies(self, tensor: ScriptTensor) -> bool:
        """Whether its first numbers differ, as those that are drawn do."""
        values = self.start.tensors.get(tensor.key)
        return values is not None and (values.size == 1 or bool((values != values.flat[0]).any()))

    def _statement(self, name: str, tensor: ScriptTensor, is_trained: bool) -> list[str]:
        head, tail = self._around(is_trained)
        if tensor.value is not None:
            return _literal(f"{name} = {head}", tensor.value, tail)
        if self._is_copied(tensor):
            return self._copied(name, tensor, head, tail)
        assert tensor.source is not None
        return [f"{name} = {self._drawn(tensor.source, tensor.drawn_by, is_trained)}"]

    def _around(self, is_trained: bool) -> tuple[str, str]:
        dtype = self.library.dtype(self.dtype)
        if self.library.name == "numpy":
            return "np.array(", f", dtype={dtype})"
        if self.library.name == "tensorflow":
            return ("tf.Variable(" if is_trained else "tf.constant("), f", dtype={dtype})"
        if not is_trained:
            return "torch.tensor(", ")"
        if self.kind == "torch":
            return "nn.Parameter(torch.tensor(", "))"
        return "torch.tensor(", ", requires_grad=True)"

    def _copied(self, name: str, tensor: ScriptTensor, head: str, tail: str) -> list[str]:
        values = self.start.tensors.get(tensor.key)
        if values is not None and values.size > 1 and not self._varies(tensor):
            return [f"{name} = {self._full(tensor, values)}"]
        count = element_count(tensor)
        if count > MOST_LITERALS or values is None:
            raise ScriptError(
                f"only PyTorch draws the {count:,} initial numbers of {tensor.key}; at most {MOST_LITERALS} "
                "of a tensor are written out.",
                "Choose a PyTorch dialect.",
            )
        return _literal(f"{name} = {head}", values.tolist(), tail)

    def _full(self, tensor: ScriptTensor, values: Any) -> str:
        shape, value = tensor.shape, float(values.flat[0])
        dtype = self.library.dtype(self.dtype)
        if self.library.name == "numpy":
            return f"np.full({shape}, {value!r}, dtype={dtype})"
        filled = f"tf.fill({list(shape)}, tf.constant({value!r}, dtype={dtype}))"
        return f"tf.Variable({filled})" if tensor.trained else filled

    def _drawn(self, source: Source, drawn_by: str, is_trained: bool) -> str:
        if drawn_by == "torch":
            text = _torch_source(source, self.dtype)
            if not is_trained:
                return text
            return f"nn.Parameter({text})" if self.kind == "torch" else f"{text}.requires_grad_()"
        text = numpy_source(source)
        dtype = self.library.dtype(self.dtype)
        if self.library.name == "numpy":
            return f"np.array({text}, dtype={dtype})"
        if self.library.name == "tensorflow":
            return f"tf.{'Variable' if is_trained else 'constant'}({text}, dtype={dtype})"
        inner = f"torch.tensor({text}, dtype={dtype}"
        if not is_trained:
            return f"{inner})"
        return f"nn.Parameter({inner}))" if self.kind == "torch" else f"{inner}, requires_grad=True)"


def _literal(head: str, value: Any, tail: str) -> list[str]:
    """A statement with numbers written out: a scalar, a vector or a matrix."""
    if not isinstance(value, tuple | list):
        return [f"{head}{float(value)!r}{tail}"]
    if not isinstance(value[0], tuple | list):
        return array_lines(head, [_entry(entry) for entry in value], tail)
    rows = ["[" + ", ".join(_entry(entry) for entry in row) + "]" for row in value]
    return array_lines(head, rows, tail)


def _entry(value: float) -> str:
    """A number of an array; the first decides nothing, for the dtype is given."""
    text = number_text(float(value))
    return f"{text}.0" if text.lstrip("-").isdecimal() else text


def numpy_source(source: Source) -> str:
    """``random.randn(3, 4)``."""
    sizes = ", ".join(map(str, source.shape))
    if source.name in ("randn", "rand"):
        return f"random.{source.name}({sizes})"
    if source.name == "randint":
        low, high = (int(limit) for limit in source.limits)
        return f"random.randint({low}, {high}, {source.shape})"
    if source.name == "linspace":
        return f"np.linspace({source.limits[0]!r}, {source.limits[1]!r}, {sizes})"
    return f"np.{source.name}({source.shape})"


def _torch_source(source: Source, dtype: str) -> str:
    if source.name == "randint":
        low, high = (int(limit) for limit in source.limits)
        return f"torch.randint({low}, {high}, {source.shape}).to(torch.{dtype})"
    if source.name == "linspace":
        return f"torch.linspace({source.limits[0]!r}, {source.limits[1]!r}, {source.shape[0]})"
    return f"torch.{source.name}({source.shape})"
