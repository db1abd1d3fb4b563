"""TensorFlow's scripts of the gallery, all handed over at once; a file of its own, so that a worker has it alone."""

from __future__ import annotations

import pytest
from gallery_runs import (
    CASES_OF_H,
    ENTRIES,
    assert_own_figures,
    assert_same_end,
    expected,
    first_loss,
    text_of,
)
from script_runs import ForkServer

pytestmark = pytest.mark.timeout(300)


def test_tensorflow_scripts_end_at_the_experiments_figures(tensorflow_server: ForkServer) -> None:
    """All at once, while this process trains the same with torch."""
    begun = {name: tensorflow_server.begin(text) for name in ENTRIES if (text := text_of(name, "tensorflow"))}
    wanted = {name: expected(name) for name in begun}
    for name, script in begun.items():
        try:
            assert_same_end(tensorflow_server.end(script), wanted[name], ENTRIES[name].dtype, first_loss(name))
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


def test_cases_of_h_end_at_their_own_figures_at_full_length(tensorflow_server: ForkServer) -> None:
    for name in CASES_OF_H:
        assert_own_figures(tensorflow_server.run(text_of(name, "tensorflow", full=True)), name)
