"""Property tests without a deadline, and checkpoints so frequent that short runs need them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("gradviz", deadline=None, print_blob=True)
settings.load_profile("gradviz")


@pytest.fixture(scope="module")
def frequent_checkpoints() -> Iterator[None]:
    """Few and close checkpoints, so that short runs thin them and fall back on them."""
    from gradviz.engine.training import trainer

    class Frequent(trainer.Checkpoints):
        MOST = 6
        APART_S = LEAST_SHARE = 0

        def __init__(self) -> None:
            super().__init__()
            self.stride = 8

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "Checkpoints", Frequent)
        yield


@pytest.fixture
def one_thread() -> Iterator[None]:
    """torch with one thread, as a run of a small model has it: more of them sum up in another order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def thread_faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went wrong in threads, as whoever keeps a log hears of it."""
    heard: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: heard.append(f"{told.thread.name}: {told.exc_value}"))
    return heard
