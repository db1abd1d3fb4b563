"""The figures of the cases, read from the views of the whole window as a reader would read them."""

from __future__ import annotations

import pytest
from desk import CONTROL, Desk, Key, has_colour, number_in, pixels

from gradviz.core.records import RunState


def run_to_the_end(desk: Desk, name: str, steps: int) -> None:
    desk.open_card(name)
    desk.run_steps(steps)
    assert desk.control.state is RunState.FINISHED
    assert len(desk.control.history) == steps + 1
    desk.click_tab("Parameters") if not desk.window.views["parameters"].isVisible() else None
    desk.settle()


def values(desk: Desk) -> dict[str, str]:
    return {row[0]: row[2] for row in desk.drawn("parameters")["rows"]}


def test_chain_of_scalars_in_the_graph(desk: Desk) -> None:
    """A1: u 40, v 43, j 129; gradients a 3, b 24, c 15."""
    desk.open_card("chain")
    desk.settle()
    nodes = {title: (op, value, grad) for title, op, value, grad in desk.drawn("graph")["nodes"]}
    assert nodes["u"] == ("MulBackward0", "value 40", "grad  3")
    assert nodes["v"] == ("AddBackward0", "value 43", "grad  3")
    assert nodes["j"] == ("MulBackward0", "value 129", "grad  1")
    assert nodes["a"] == ("leaf", "value 3", "grad  3")
    assert nodes["b"] == ("leaf", "value 5", "grad  24")
    assert nodes["c"] == ("leaf", "value 8", "grad  15")
    assert [row[2:4] for row in desk.drawn("parameters")["rows"]] == [["3", "3"], ["5", "24"], ["8", "15"]]
    assert number_in(desk.drawn("curves")["note"]) == 129


def test_rate_too_large_diverges_and_says_when_and_why(desk: Desk) -> None:
    """B1: 1763.8848, then 5802486; then beyond float32."""
    desk.open_card("line-too-fast")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.DIVERGED)
    desk.settle()
    assert desk.control.history.losses[:2, 0].tolist() == pytest.approx([1763.8848, 5802486], rel=1e-6)
    step = desk.control.step
    assert len(desk.message) <= 300
    assert f"step {step}" in desk.message
    assert "rate 0.01" in desk.message
    assert not desk.run_button("Run").isEnabled()
    assert not desk.run_button("One step").isEnabled()
    desk.press(Key.Key_Space)
    desk.settle()
    assert desk.control.state is RunState.DIVERGED
    desk.click(desk.run_button("Reset to step 0, the same initial values"))
    desk.wait_state(RunState.READY)
    desk.settle()
    assert desk.run_button("Run").isEnabled()
    assert desk.message == "", "the message goes with what it was about"
    assert number_in(desk.drawn("curves")["note"]) == pytest.approx(1763.885, rel=1e-6)


def test_a_smaller_rate_after_divergence_needs_a_reset_only(desk: Desk) -> None:
    """B1, then what its message advises: B2 comes out."""
    desk.open_card("line-too-fast")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.DIVERGED)
    desk.enter("optimizers.0.lr", "1e-4")
    desk.press(Key.Key_R, CONTROL)
    desk.wait_state(RunState.READY)
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 1, "a step")
    desk.settle()
    assert desk.control.history.losses[:, 0].tolist() == pytest.approx([1763.8848, 323.0905], rel=1e-6)


def test_scaled_inputs_in_the_table(desk: Desk) -> None:
    """B3: loss 2.927648, w 5.36708, b -17.30119 after 5000 steps."""
    run_to_the_end(desk, "line", 5000)
    losses = desk.control.history.losses[:, 0]
    assert losses[[0, 1, 5000]].tolist() == pytest.approx([80.3643, 37.5749, 2.927648], rel=2e-6)
    assert float(values(desk)["w"]) == pytest.approx(5.36708, abs=1e-5)
    assert float(values(desk)["b"]) == pytest.approx(-17.30119, abs=2e-5)
    assert number_in(desk.drawn("curves")["note"]) == pytest.approx(2.927648, abs=1e-6)
    assert desk.drawn("surface")["ends"] == [pytest.approx((5.36708, -17.30119), abs=1e-4)]
    desk.click_tab("Fit")
    desk.settle()
    fit = desk.drawn("fit")
    assert fit["points"] == 11
    assert "step 5,000" in fit["note"]
    assert max(fit["curve"]) == pytest.approx(5.36708 * 8.19 - 17.30119, rel=0.2)


def test_himmelblau_by_sgd_in_table_and_note(desk: Desk) -> None:
    """E1: 170 at the start; (2.999997, 2.000005) and 4.4838e-10 after 30000 steps, never exactly 0."""
    run_to_the_end(desk, "himmelblau", 30000)
    assert desk.control.history.losses[0, 0] == 170
    assert values(desk) == {"x": "2.999997", "y": "2.000005"}
    note = desk.drawn("curves")["note"]
    assert note.startswith("loss 4.4838")
    assert note.endswith("e-10 at step 30,000")
    desk.press(Key.Key_L, CONTROL)
    assert desk.drawn("curves")["zeros"] == []
    assert desk.drawn("curves")["points"][0] >= 420, "a curve of 30000 steps is drawn from all of them"


def test_himmelblau_by_adam_ends_at_exactly_zero_and_the_log_axis_marks_it(desk: Desk) -> None:
    """E2: step 2000 (2.33318, 1.95407) after its update and 13.7309 before it; step 4000 0.014859; in the end 0."""
    run_to_the_end(desk, "himmelblau-adam", 20000)
    history = desk.control.history
    assert history.losses[[2000, 4000], 0].tolist() == pytest.approx([13.7309, 0.014859], rel=5e-5)
    assert history.positions[2001, 0].tolist() == pytest.approx([2.33318, 1.95407], abs=1e-5)
    assert values(desk) == {"x": "3", "y": "2"}
    assert desk.drawn("curves")["note"].startswith("loss 0 at step 20,000")
    assert desk.drawn("curves")["zeros"] == []
    desk.press(Key.Key_L, CONTROL)
    first = int((history.losses[:, 0] == 0).argmax())
    zeros = desk.drawn("curves")["zeros"]
    assert len(zeros) == 1
    assert abs(zeros[0][0] - first) <= 48, "within one column of the picture"
    assert "exactly 0" in desk.drawn("curves")["note"]
    curves = desk.window.views["curves"]
    desk.wait(lambda: has_colour(pixels(curves), curves.theme.lanes[0]) > 50, "the curve and its mark")
