"""What Python's and PyTorch's errors mean and what to do: one record each, found by the words of the error."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from gradviz.core.stepping.events import State
from gradviz.core.stepping.recording import ScriptError
from gradviz.core.words import SILENCE, Words, say, verbatim


@dataclass(frozen=True, slots=True)
class Raised:
    """An error with the line of the source, and the state just before it (None where nothing was recorded)."""

    error: ScriptError
    match: re.Match[str]
    code: str
    state: State | None

    def shapes(self) -> str:
        """The shapes of the tensors that the line names: ``x (3,), y (4,)``."""
        if self.state is None:
            return ""
        found = []
        for name in names_in(self.code):
            variable = self.state.find(name)
            if variable is not None and variable.kind in ("tensor", "array"):
                found.append(f"{name} {shape_text(variable.shape)}")
        return ", ".join(found[:4])


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of error: the pattern of its words, the types that say them (none: any), and its explanation."""

    name: str
    pattern: str
    explain: Callable[[Raised], Words]
    types: tuple[str, ...] = ()
    code: str = ""
    """What the line must contain."""

    def match(self, error: ScriptError, code: str) -> re.Match[str] | None:
        """The words of the error, if it is of this kind."""
        if (self.types and error.type not in self.types) or self.code not in code:
            return None
        return re.search(self.pattern, error.message, re.DOTALL)


def shape_text(shape: tuple[int, ...]) -> str:
    """``(3,)``, ``(3, 4)``, ``()`` as PyTorch's users write it."""
    return str(tuple(shape))


def names_in(code: str) -> list[str]:
    """The variables that a line of code names, in order; dotted names too."""
    try:
        tree: ast.AST = ast.parse(code.strip().rstrip(":") + (":\n pass" if code.rstrip().endswith(":") else ""))
    except SyntaxError:
        return list(dict.fromkeys(re.findall(r"[A-Za-z_][\w.]*", code)))
    found = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)]
    return list(dict.fromkeys(found))


def _said(pattern: str) -> Callable[[Raised], Words]:
    return lambda raised: say(pattern, **{f"v{index}": one for index, one in enumerate(raised.match.groups(), 1)})


def _not_scalar(raised: Raised) -> Words:
    return say(
        "backward() begins at one number, and this tensor has more ({shapes}). Reduce it by .sum() or .mean(), or give "
        "an upstream gradient of its shape: y.backward(torch.ones_like(y)).",
        shapes=raised.shapes() or "…",
    )


def _broadcast(raised: Raised) -> Words:
    left, right, dimension = raised.match.groups()
    return say(
        "These shapes do not fit together: {left} against {right} in dimension {dimension} ({shapes}). Sizes must be "
        "equal or 1: print both shapes, and reshape or transpose one.",
        left=left, right=right, dimension=dimension, shapes=raised.shapes() or "…",
    )  # fmt: skip


def _product(raised: Raised) -> Words:
    rows, inner, other, columns = raised.match.groups()
    return say(
        "A matrix product needs as many columns on the left as rows on the right, and these are ({rows}, {inner}) and "
        "({other}, {columns}): {inner} is not {other}. Transpose one, or give the layer in_features={inner}.",
        rows=rows, inner=inner, other=other, columns=columns,
    )  # fmt: skip


def _out_of_bounds(raised: Raised) -> Words:
    label = int(raised.match[1])
    return say(
        "Classes are numbered from 0, and label {label} needs at least {least} outputs in the last layer. Count the "
        "labels from 0, or widen the layer.",
        label=label, least=label + 1,
    )  # fmt: skip


def _memory(raised: Raised) -> Words:
    wanted = re.search(r"allocate (\d+) bytes", raised.error.message)
    size = f"{int(wanted[1]) / 1e9:.3g} GB" if wanted else "…"
    return say("The line asks for more memory than there is ({size}). Take smaller shapes or batches.", size=size)


ERRORS: tuple[ErrorKind, ...] = (
    ErrorKind(
        "no gradient",
        r"element 0 of tensors does not require grad",
        _said(
            "Nothing that this was computed from requires a gradient. Set requires_grad=True on the parameters before "
            "the loss is computed, and look for detach(), no_grad() or .item() on the way to it."
        ),
    ),
    ErrorKind("not a scalar", r"grad can be implicitly created only for scalar outputs", _not_scalar),
    ErrorKind(
        "second backward",
        r"Trying to backward through the graph a second time",
        _said(
            "The first backward() freed what this graph had saved. Compute the loss anew, inside the loop, before each "
            "backward(), or call backward(retain_graph=True) the first time."
        ),
    ),
    ErrorKind(
        "in place on a leaf",
        r"leaf Variable that requires grad is being used in an in-place operation",
        _said(
            "A leaf that requires a gradient cannot be changed in place while autograd watches. Update it under "
            "`with torch.no_grad():`, or let an optimizer do it."
        ),
    ),
    ErrorKind(
        "in place on a saved tensor",
        r"needed for gradient computation has been modified by an inplace operation.*?output (\d+) of (\w+).*?"
        r"is at version (\d+); expected version (\d+)",
        _said(
            "A tensor that the graph had saved for its backward pass (of {v2}) was changed in place afterwards: it is "
            "at version {v3}, and version {v4} was saved. Write y = y + 1 for y += 1, or change it after backward()."
        ),
    ),
    ErrorKind(
        "in place on a saved leaf",
        r"needed for gradient computation has been modified by an inplace operation.*?"
        r"is at version (\d+); expected version (\d+)",
        _said(
            "A tensor that the graph had saved for its backward pass was changed in place afterwards: it is at version "
            "{v1}, and version {v2} was saved. Change it after backward(), or compute the loss anew."
        ),
    ),
    ErrorKind("matrix product", r"shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", _product),
    ErrorKind(
        "shapes",
        r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d+)",
        _broadcast,
    ),
    ErrorKind(
        "matrix and vector",
        r"size mismatch, got input \((\d+)\), mat \((\d+)x(\d+)\), vec \((\d+)\)",
        _said(
            "A matrix of shape ({v2}, {v3}) takes a vector of {v3}, and this one has {v4}. Transpose the matrix, or "
            "look at the order of the product."
        ),
    ),
    ErrorKind(
        "NumPy shapes",
        r"operands could not be broadcast together with shapes (\(.*?\)) (\(.*?\))",
        _said(
            "NumPy cannot bring the shapes {v1} and {v2} together: sizes must be equal or 1. Reshape or transpose one."
        ),
    ),
    ErrorKind(
        "NumPy product",
        r"(?:shapes (\(.*?\)) and (\(.*?\)) not aligned|matmul: Input operand 1 has a mismatch)",
        _said("NumPy needs as many columns on the left of a product as rows on the right. Transpose one of the two."),
    ),
    ErrorKind(
        "whole numbers have no gradient",
        r"[Oo]nly [Tt]ensors of floating point",
        _said(
            "Whole numbers have no gradient. Write the numbers with a point, torch.tensor([1.0, 2.0]), or give "
            "dtype=torch.float32."
        ),
    ),
    ErrorKind(
        "labels as floats",
        r"(?:expected scalar type Long but found|expected target dtype to be Long or Byte, but got) (\w+)",
        _said("Class labels must be whole numbers, and these are {v1}: convert them by .long()."),
    ),
    ErrorKind(
        "labels of one class each",
        r"Expected floating point type for target with class probabilities|0D or 1D target tensor expected",
        _said(
            "cross_entropy takes one class number a row, of shape (n,) and dtype long, or one probability a class, as "
            "floats of the shape of the logits. Give it one of the two: y.squeeze(1), y.argmax(1) or y.float()."
        ),
    ),
    ErrorKind(
        "two dtypes",
        r"(?:expected scalar type (\w+) but found (\w+)|must have the same dtype, but got (\w+) and (\w+)"
        r"|to have the same dtype, but got: (\w+) != (\w+)|Found dtype (\w+) but expected (\w+))",
        lambda raised: say(
            "One tensor is {one} and the other {other}. Convert one of them, by .float() or .double() say; NumPy's "
            "numbers are float64 unless told otherwise.",
            **dict(zip(("one", "other"), [each for each in raised.match.groups() if each], strict=True)),
        ),
    ),
    ErrorKind(
        "mean of whole numbers",
        r"mean\(\): could not infer output dtype.*Got: (\w+)",
        _said("A mean of whole numbers ({v1}) would not be whole. Convert first: x.float().mean()."),
    ),
    ErrorKind(
        "floats into whole numbers",
        r"result type (\w+) can't be cast to the desired output type (\w+)",
        _said("{v1} numbers do not fit in place into a tensor of {v2}. Make that tensor one of floats first."),
    ),
    ErrorKind("label out of range", r"Target (-?\d+) is out of bounds", _out_of_bounds),
    ErrorKind(
        "two devices",
        r"Expected all tensors to be on the same device|is not on the expected device",
        _said(
            "The tensors lie on different devices. Move the model and the data to one: model.to(device), x.to(device)."
        ),
    ),
    ErrorKind(
        "no GPU",
        r"Found no NVIDIA driver|Torch not compiled with CUDA enabled|No CUDA GPUs are available",
        _said('There is no GPU that PyTorch can use. Write device = "cuda" if torch.cuda.is_available() else "cpu".'),
    ),
    ErrorKind(
        "numpy of a tensor with a gradient",
        r"Can't call numpy\(\) on Tensor that requires grad",
        _said(
            "NumPy and matplotlib know no gradients. Take the numbers out of the graph first, by .detach(), or compute "
            "them under `with torch.no_grad():`."
        ),
    ),
    ErrorKind(
        "zero_grad misnamed",
        r"'(?:Tensor|Parameter)' object has no attribute '(grad_zero|zero_grad|zero_grad_)'",
        _said("A tensor's gradient is zeroed by w.grad.zero_(), and those of an optimizer by optimizer.zero_grad()."),
    ),
    ErrorKind(
        "gradient is None",
        r"NoneType",
        _said(
            ".grad is None here: no backward() has reached this tensor yet. It must be a leaf with requires_grad=True "
            "that the loss depends on, and an update like w = w - lr * w.grad makes a new tensor that has no .grad."
        ),
        ("TypeError", "AttributeError"),
        ".grad",
    ),
    ErrorKind(
        "optimizer of what was computed",
        r"can't optimize a non-leaf Tensor",
        _said(
            "The optimizer was given a tensor that was computed, not made. Give it the leaves; or make one of it: "
            "w = w.detach().requires_grad_()."
        ),
    ),
    ErrorKind(
        "optimizer without parameters",
        r"optimizer got an empty parameter list",
        _said(
            "The optimizer got no parameters: the model has none that it knows of. Layers must be attributes of the "
            "module, and a list of them an nn.ModuleList; and an iterator of parameters can be used once."
        ),
    ),
    ErrorKind(
        "optimizer of one tensor",
        r"params argument given to the optimizer should be an iterable of Tensors or dicts",
        _said("The optimizer takes a list: write [w] for w."),
    ),
    ErrorKind(
        "super().__init__ missing",
        r"cannot assign module before Module.__init__\(\) call",
        _said("A module's __init__ must begin with super().__init__(), before any layer is made."),
    ),
    ErrorKind(
        "many numbers for one",
        r"[Tt]ensor with (\d+) elements cannot be converted to Scalar",
        _said("This tensor has {v1} numbers and one is wanted. Reduce it by .mean() or .sum(), or take .tolist()."),
    ),
    ErrorKind(
        "truth of many numbers",
        r"Boolean value of Tensor with more than one value is ambiguous",
        _said("A condition needs one truth, and a comparison of tensors gives one an entry. Add .all() or .any()."),
    ),
    ErrorKind(
        "a number, no tensor",
        r"'(float|int)' object has no attribute '(backward|item|detach|numpy|backward_)'",
        _said(
            "This is a plain number ({v1}), not a tensor: it has no graph and no {v2}(). Leave .item() out on the way "
            "to the loss."
        ),
    ),
    ErrorKind(
        "upstream gradient of another shape",
        r"Mismatch in shape: grad_output\[0\] has a shape of torch.Size\(\[(.*?)\]\) and output\[0\] has a shape of "
        r"torch.Size\(\[(.*?)\]\)",
        _said("The gradient that is given to backward() has shape ({v1}), and its tensor ({v2}): they must be equal."),
    ),
    ErrorKind(
        "requires_grad of what was computed",
        r"you can only change requires_grad flags of leaf variables",
        _said("What was computed follows its inputs. Cut it off by .detach() before requires_grad is changed."),
    ),
    ErrorKind(
        "gradient of what is not used",
        r"differentiated Tensors?(?: at index \d+)? appears to not have been used in the graph",
        _said(
            "The result does not depend on one of the tensors that its gradient is asked for. Look for a wrong name or "
            "a detach(), or say allow_unused=True."
        ),
    ),
    ErrorKind(
        "no module",
        r"No module named '([\w.]+)'",
        _said(
            "That Python has no {v1}. Choose the Python of the environment that has it (Run ▸ Python of scripts, or "
            "--python PATH)."
        ),
    ),
    ErrorKind(
        "no name",
        r"name '(\w+)' is not defined",
        _said("Nothing is called {v1} here. Look for a misspelling, a missing import, or a line that did not run."),
    ),
    ErrorKind(
        "no file",
        r"No such file or directory: '(.*)'",
        _said("There is no {v1}. A script runs in its own folder, and paths are read from there."),
        ("FileNotFoundError",),
    ),
    ErrorKind(
        "input",
        r"EOF when reading a line",
        _said("Nobody can answer input() here. Write the value into the script."),
        ("EOFError",),
    ),
    ErrorKind(
        "recursion",
        r"maximum recursion depth exceeded",
        _said("A function calls itself without an end. Look at the condition under which it returns."),
    ),
    ErrorKind("memory", r"not enough memory|can't allocate memory", _memory),
    ErrorKind("memory", r"", _memory, ("MemoryError",)),
    ErrorKind(
        "syntax",
        r"",
        _said("Python cannot read this line. Look at it and at the line above: a bracket, a colon, a quote, a space."),
        ("SyntaxError", "IndentationError", "TabError"),
    ),
    ErrorKind(
        "index",
        r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)",
        _said("Index {v1} is beyond dimension {v2}, which has size {v3}: indices run from 0 to size - 1."),
    ),
    ErrorKind(
        "embedding index",
        r"index out of range in self",
        _said("An index is as large as the table or larger. An nn.Embedding(n, ...) takes indices from 0 to n - 1."),
    ),
    ErrorKind(
        "view",
        r"view size is not compatible with input tensor's size and stride",
        _said("view() needs rows that lie one after another, and this tensor is transposed or cut. Use reshape()."),
    ),
    ErrorKind(
        "reshape",
        r"shape '\[(.*?)\]' is invalid for input of size (\d+)",
        _said("There are {v2} numbers, and the shape ({v1}) has room for another count. Their product must be {v2}."),
    ),
    ErrorKind(
        "one row in training",
        r"Expected more than 1 value per channel when training",
        _said("BatchNorm cannot take the mean of one row while it trains. Take a larger batch, or model.eval()."),
    ),
)
"""Those with more words come before those with fewer."""


def kind_of(error: ScriptError, code: str) -> ErrorKind | None:
    """The first kind that an error is of."""
    return next((kind for kind in ERRORS if kind.match(error, code)), None)


def explanation_of(error: ScriptError, state: State | None, source: str) -> Words:
    """What the error means and what to do; silence where nothing is known beyond its own words."""
    lines = source.splitlines()
    code = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
    kind = kind_of(error, code)
    if kind is None:
        return SILENCE
    match = kind.match(error, code)
    return kind.explain(Raised(error, match, code, state)) if match else verbatim("")
