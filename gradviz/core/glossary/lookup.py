"""The glossary by operation."""

from __future__ import annotations

from gradviz.core.glossary.activations import ACTIVATIONS
from gradviz.core.glossary.arithmetic import ARITHMETIC
from gradviz.core.glossary.entry import Entry
from gradviz.core.glossary.functions import FUNCTIONS
from gradviz.core.glossary.layers import LAYERS
from gradviz.core.glossary.operators import operator_name
from gradviz.core.glossary.shapes import SHAPES
from gradviz.core.glossary.sums import SUMS

FAMILIES = (ARITHMETIC, FUNCTIONS, ACTIVATIONS, SUMS, SHAPES, LAYERS)
ENTRIES: dict[str, Entry] = {entry.name: entry for family in FAMILIES for entry in family}


def entry_of(op: str) -> Entry | None:
    """What is known of the node `op` (MulBackward0, AccumulateGrad); None of a user's own and of rare ones."""
    return ENTRIES.get(operator_name(op))
