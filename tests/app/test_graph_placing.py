"""The pane Graph lays out a large graph in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from traced import chain

from gradviz.app.panes.graph import GraphPane
from gradviz.core.layout import placement
from gradviz.core.questions.question import Answer
from gradviz.core.questions.trace import TraceGraph


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
    view.show_answer(Answer(TraceGraph(), 1, chain(count)))
    qtbot.waitUntil(lambda: len(view.drawn()["nodes"]) == count, timeout=20_000)
    assert threads == [thread for thread in threads if thread is not threading.main_thread()]
    assert len(threads) == 1
