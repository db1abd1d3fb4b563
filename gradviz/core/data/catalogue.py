"""The catalogue of datasets. Adding one: a frozen class in one of the modules below and its name in `AnyDataset`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gradviz.core.data.class_datasets import Blobs, Circles, Spirals, TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine, Parabola, Regression, Temperatures
from gradviz.core.data.dataset import Dataset
from gradviz.core.data.shaped_datasets import BarImages, SineSequence, TokenSequences
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import alternatives

AnyDataset = Annotated[
    Temperatures
    | Parabola
    | NoisyLine
    | Regression
    | Blobs
    | TwoMoons
    | Spirals
    | Circles
    | SineSequence
    | TokenSequences
    | BarImages
    | TableDataset,
    Field(discriminator="kind"),
]
DATASETS: tuple[type[Dataset], ...] = alternatives(AnyDataset)
