"""Scripts of fits to tables: rows written out, or the file read again, and the same end as gradviz itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import executed
from script_runs import deviation, parameter_deviation, trained, written

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.tables.tables import Table
from gradviz.scripts.problems import ScriptError


def experiment_of(values: Any, names: tuple[str, ...], **settings: Any) -> Experiment:
    data = TableDataset.model_validate({"table": Table(names, values), **settings})
    experiment = experiment_on(data, Experiment(steps=60, dtype="float64"))
    return with_value(experiment, "optimizers.0.lr", 0.05)


def rows(count: int, labelled: bool) -> Any:
    values = np.random.RandomState(4).randn(count, 3)
    values[:, 1] = values[:, 1] * 40 + 100
    values[:, 2] = values[:, 0] > 0.2 if labelled else 3 * values[:, 0] - values[:, 1]
    return values


@pytest.mark.parametrize("dialect", ["numpy", "autograd", "torch"])
@pytest.mark.parametrize("labelled", [False, True])
def test_a_small_table_is_written_out(ruff_clean: Callable[..., None], dialect: str, labelled: bool) -> None:
    target = {"kind": "labels", "names": ("no", "yes")} if labelled else {"kind": "values"}
    experiment = experiment_of(rows(12, labelled), ("a", "b", "y"), scaling={"kind": "standardise"}, target=target)
    text = written(experiment, dialect)
    found, wanted = executed(text), trained(experiment)
    assert parameter_deviation(found, wanted) < 1e-9
    assert deviation(found.loss, wanted.loss) < 1e-9
    ruff_clean(text)


def test_a_large_table_is_read_from_its_file_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = rows(5000, False)
    path = tmp_path / "数据.csv"
    text = "\r\n".join(["温度;b;y", *(";".join(map(repr, row)).replace(".", ",") for row in values.tolist())])
    path.write_bytes(text.encode("gb18030"))
    source = {"file": path.name, "encoding": "gb18030", "separator": ";", "decimal": ","}
    experiment = experiment_of(values, ("温度", "b", "y"), source=source, scaling={"kind": "min_max"})
    made = written(experiment, "torch")
    assert len(made) < 2500
    monkeypatch.chdir(tmp_path)
    found = executed(made)
    assert parameter_deviation(found, trained(experiment)) < 1e-9


def test_a_large_table_without_its_file_is_refused_in_a_sentence() -> None:
    experiment = experiment_of(rows(5000, False), ("a", "b", "y"))
    with pytest.raises(ScriptError, match="too many to be written into a script") as caught:
        written(experiment, "torch")
    assert len(str(caught.value)) <= 300
