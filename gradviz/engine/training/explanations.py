"""PyTorch's errors about graphs and gradients in plain words: what happened, and what to do next."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradviz.engine.problems import is_of_torch

MOST_WORDS = 110
LIMIT = 300

_EXPLANATIONS: tuple[tuple[str, str], ...] = (
    (
        r"backward through the graph a second time",
        "backward() frees what the graph kept for it, so a graph serves once: evaluate the loss anew before each "
        "backward, or call backward(retain_graph=True).",
    ),
    (
        r"grad can be implicitly created only for scalar outputs",
        "The last line is a vector, and a gradient belongs to one number: make it one with sum or mean, or give an "
        "upstream vector.",
    ),
    (
        r"does not require grad and does not have a grad_fn",
        "The loss has no graph, for no parameter reaches it: detach, no_grad or a comparison cut them off. Leave a "
        "branch in the graph.",
    ),
    (
        r"modified by an inplace operation",
        "A value that backward needs was overwritten after it was used: write x = x + 1 instead of x += 1, or change "
        "a copy.",
    ),
    (
        r"leaf Variable that requires grad is being used in an in-place operation",
        "A parameter may not be changed in place while its graph is recorded: do it inside torch.no_grad().",
    ),
    (
        r"Mismatch in shape: grad_output",
        "The upstream gradient must have the shape of the value that backward starts from: give one number for each.",
    ),
    (
        r"shapes cannot be multiplied|mat1 dim 1 must match|size mismatch|inconsistent tensor size",
        "In a matrix product the columns of the left must be as many as the rows of the right: look at both shapes, "
        "or transpose one.",
    ),
    (
        r"must match the size of tensor b|is invalid for input|not broadcastable|must match the existing size",
        "The two shapes do not fit: along each dimension, from the last, the sizes must be equal or one of them 1.",
    ),
    (
        r"appears to not have been used in the graph",
        "A gradient was asked for something that the loss does not depend on: use it, or do not ask for it.",
    ),
    (
        r"only change requires_grad flags of leaf variables",
        "Only a leaf can be told to need a gradient: what was computed follows from what it was computed of. "
        "Detach it first.",
    ),
    (
        r"floating point.* dtype can require gradients",
        "Whole numbers have no gradient: make the tensor one of floats.",
    ),
    (
        r"must have the same dtype|expected scalar type|Found dtype|expected m1 and m2 to have the same dtype",
        "Tensors of different precision meet: choose one dtype for all of them.",
    ),
    (
        r"to be on the same device",
        "Tensors on different devices meet: put all of them on one.",
    ),
    (
        r"cannot be converted to type \S+ without overflow",
        "The learning rate, what a schedule made of it, or another setting of the optimiser is larger than this "
        "precision can hold: make it smaller.",
    ),
    (
        r"division by zero",
        "The optimiser divides by its own step, and that is 0: give it a learning rate above 0.",
    ),
    (
        r"all elements of input should be between 0 and 1",
        "The prediction is no longer a number, and the loss wants one between 0 and 1: try a smaller learning rate, or "
        "Binary cross entropy without the Sigmoid.",
    ),
    (
        r"returned nan values in its",
        "The derivative of this operation is not a number here, such as that of a square root at 0: start elsewhere.",
    ),
)


_UNKNOWN = "It cannot do this here: write the place that it names in another way, or change the setting."
_WHOLE_RUN = r"(?i)memory|CUDA|cuDNN|cuBLAS|HIP|MPS|device-side"
"""A device that has no memory left, or has failed, is no matter of one optimiser."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an optimiser stopped at `step`: PyTorch's own words (empty where it was not PyTorch) and an explanation."""

    step: int
    words: str
    explanation: str

    def sentence(self, name: str) -> str:
        """For a person, at most 300 characters; `name` is that of the optimiser."""
        begin = f"{name} stopped at step {self.step:,}. "
        room = LIMIT - len(begin) - len(self.explanation) - len("PyTorch: “” ")
        said = f"PyTorch: “{_shortened(self.words, room)}” " if self.words else ""
        return f"{begin}{said}{self.explanation}"[:LIMIT]


def explained(error: Exception, step: int) -> Fault | None:
    """The fault that PyTorch's `error` is; None where it is not one of a graph or a gradient that is known here.

    At the start any error of PyTorch's is one, for the formula or the model asks for what it cannot do. Later it is
    known that it can: then a lack of memory, say, is no matter of one optimiser, and stops the whole run.
    """
    text = " ".join(str(error).split())
    explanation = next((plain for pattern, plain in _EXPLANATIONS if re.search(pattern, text)), "")
    if not explanation and (step or not is_of_torch(error) or re.search(_WHOLE_RUN, text)):
        return None
    return Fault(step, _first_words(text), explanation or _UNKNOWN)


def _first_words(text: str) -> str:
    """The first sentence, shortened where it is long."""
    return _shortened(re.split(r"(?<=[a-z)\]])[.:;](?= )", text, maxsplit=1)[0].rstrip("."), MOST_WORDS)


def _shortened(text: str, most: int) -> str:
    """At most `most` characters of `text`, cut at a word."""
    if len(text) <= most:
        return text
    return text[: most - 2].rsplit(" ", 1)[0].removesuffix(" …") + " …"
