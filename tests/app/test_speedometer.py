"""Steps a second, from the steps that were seen."""

from __future__ import annotations

import pytest

from gradviz.app.runs.speedometer import Speedometer


def test_speed_is_steps_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("gradviz.app.runs.speedometer.time.perf_counter", lambda: now)
    speed = Speedometer()
    assert speed.read(0, True) == 0
    for tick in range(1, 41):
        now = tick * 0.1
        assert speed.read(tick * 50, True) == pytest.approx(500)
    now = 5.0
    assert speed.read(2000, False) == 0
    now = 6.0
    assert speed.read(10, True) == 0
    now = 6.5
    assert speed.read(20, True) == pytest.approx(20)


def test_a_figure_stands_long_enough_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("gradviz.app.runs.speedometer.time.perf_counter", lambda: now)
    speed = Speedometer()
    told = []
    for tick in range(31):
        now = tick / 30
        told.append(speed.read(tick * tick, True))
    assert 4 <= len(set(told[1:])) <= 5
