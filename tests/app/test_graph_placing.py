"""The pane Graph lays out a large graph in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from gradviz.app.panes.graph import GraphPane
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import GraphNode, GraphStructure
from gradviz.core.layout import placement
from gradviz.core.questions.graph import CaptureGraph
from gradviz.core.questions.question import Answer


def test_the_layout_of_a_large_graph_runs_in_another_thread(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    layered = placement.layered

    def watched(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return layered(*arguments)

    monkeypatch.setattr(placement, "layered", watched)
    view = GraphPane().make("")
    qtbot.addWidget(view)
    count = 4000
    nodes = tuple(GraphNode("AddBackward0", "", "", False) for _ in range(count))
    edges = tuple((k + 1, k) for k in range(count - 1))
    structure = GraphStructure(nodes, edges, np.zeros((0, 2)), (), (192.0, 92.0))
    view.show_answer(Answer(CaptureGraph(), 1, GraphSnapshot(structure, (None,) * count, (None,) * count)))
    qtbot.waitUntil(lambda: len(view.drawn()["nodes"]) == count, timeout=20_000)
    assert threads == [thread for thread in threads if thread is not threading.main_thread()]
    assert len(threads) == 1
