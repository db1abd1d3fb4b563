"""The figures of the cases, read from the views of the whole window as a reader would read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from desk import CONTROL, Desk, Key, has_colour, number_in, pixels
from PySide6.QtWidgets import QCheckBox, QFileDialog

from gradviz.core.runs.state import RunState


def take_up(desk: Desk, name: str) -> None:
    """Open a card, and let go of what was edited in the one before."""
    if desk.controller.session.modified:
        desk.answer("Discard")
    desk.open_card(name)


def run_to_the_end(desk: Desk, name: str, steps: int) -> None:
    take_up(desk, name)
    desk.run_steps(steps)
    assert desk.control.state is RunState.FINISHED
    assert len(desk.control.history) == steps + 1
    desk.click_tab("Parameters") if not desk.window.views["parameters"].is_seen else None
    desk.settle()


def gradients(desk: Desk) -> dict[str, str]:
    return {row[0]: row[3] for row in desk.drawn("parameters")["rows"]}


def show(desk: Desk, name: str) -> None:
    """Open a card and look at its parameters."""
    take_up(desk, name)
    if not desk.window.views["parameters"].is_seen:
        desk.click_tab("Parameters")
    desk.settle()


def verdict(desk: Desk) -> str:
    """Check the gradient by its key, and read what the bench says."""
    desk.press(Key.Key_B, CONTROL)
    desk.wait(lambda: bool(desk.drawn("bench")["rows"]), "the bench", timeout_ms=60000)
    return str(desk.drawn("bench")["summary"])


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


def test_rows_of_a_that_look_at_gradients(desk: Desk) -> None:
    """A1 with retain_grad, A2, A3, A6: the gradients in the table, and the bench's verdict."""
    show(desk, "chain")
    assert desk.drawn("graph")["tags"] == {"u": ".grad None", "v": ".grad None"}
    assert "value 3" in {value for title, _, value, _ in desk.drawn("graph")["nodes"] if title == "constant"}
    show(desk, "chain-retained")
    assert desk.drawn("graph")["tags"] == {"u": ".grad kept", "v": ".grad kept"}
    assert gradients(desk) == {"a": "3", "b": "24", "c": "15", "u": "3", "v": "3", "j": "1"}
    show(desk, "matrix-mean")
    nodes = {title: value for title, _, value, _ in desk.drawn("graph")["nodes"]}
    assert nodes["out"] == "value 27"
    assert gradients(desk)["x"].count("4.5") == 4
    show(desk, "polynomial")
    assert gradients(desk) == {"x": "16"}
    assert "agree" in verdict(desk)
    show(desk, "softmax-cross-entropy")
    assert "agree" in verdict(desk)


def test_gradients_accumulate_step_by_step(desk: Desk) -> None:
    """A4: x.grad 2, 4, 0."""
    show(desk, "accumulation")
    seen = [gradients(desk)["x"]]
    tags = [desk.drawn("graph")["tags"]]
    for step in (1, 2):
        desk.press(Key.Key_Right, CONTROL)
        desk.wait_step(step)
        desk.settle()
        seen.append(gradients(desk)["x"])
        tags.append(desk.drawn("graph")["tags"])
    assert seen == ["2", "4", "0"]
    assert tags == [{}, {"x": "2 +"}, {"x": ".grad 0"}]
    assert values(desk) == {"x": "1"}
    leaf = next(node for node in desk.drawn("graph")["nodes"] if node[0] == "x")
    assert leaf[3] == "grad  1 of 2", "the part of this use, and the whole"
    assert desk.drawn("graph")["tags"] == {"x": ".grad 0"}, "graph and table say the same"


def test_the_chain_rule_on_the_edges(desk: Desk) -> None:
    """A5: dy2/dw1 is the product of the local derivatives from w1 to y2."""
    show(desk, "chain-rule")
    drawn = desk.drawn("graph")
    at = next(k for k, node in enumerate(drawn["nodes"]) if node[0] == "w1")
    towards = {a: (b, factor) for (a, b), factor in drawn["derivatives"].items()}
    product = 1.0
    while at in towards:
        at, factor = towards[at]
        product *= factor
    assert drawn["nodes"][at][0] == "y2"
    assert product == pytest.approx(float(gradients(desk)["w1"]), rel=1e-5)


def test_where_the_graph_begins_stops_and_is_cut(desk: Desk) -> None:
    """A7 and A8: the graph as far as it goes, and PyTorch's own words where it does not."""
    show(desk, "tracking-begins")
    nodes = {title: (what, grad) for title, what, _, grad in desk.drawn("graph")["nodes"]}
    assert nodes["a"] == ("no grad_fn  (2, 2)", ""), "no gradient is no none"
    assert nodes["leaf"][0].startswith("leaf")
    assert gradients(desk)["a0"] == "none"
    show(desk, "tracking-no-grad")
    assert "does not require grad and does not have a grad_fn" in desk.message
    assert {node[1].split("  ")[0] for node in desk.drawn("graph")["nodes"]} == {"no grad_fn"}
    assert not desk.run_button("Run").isEnabled()
    show(desk, "tracking-detach")
    assert desk.message == ""
    assert "cut" in {node[0] for node in desk.drawn("graph")["nodes"] if node[1].startswith("no grad_fn")}
    show(desk, "vector-error")
    assert "grad can be implicitly created only for scalar outputs" in desk.message
    assert len(desk.message) <= 300
    for key in ("curves", "surface"):
        desk.wait(lambda key=key: desk.drawn(key)["absence"], f"words in the place of {key}")
        absence = desk.drawn(key)["absence"]
        assert absence.startswith("y is 3 numbers, and a loss is one. PyTorch: “grad can be implicitly created"), key
        assert "nan" not in desk.drawn(key)["note"], key
        assert not [
            box for box in desk.window.views[key].findChildren(QCheckBox) if box.isVisible() and box.isEnabled()
        ]
    show(desk, "vector-upstream")
    assert desk.message == ""
    desk.settle()
    assert desk.drawn("curves")["absence"] == desk.drawn("surface")["absence"] == ""
    assert desk.drawn("curves")["note"].startswith("loss ")
    assert gradients(desk)["x"] == "[4, 0.6, 0.08]"


def test_rows_of_b_that_are_told_by_their_losses(desk: Desk) -> None:
    """B2, B4, B5."""
    take_up(desk, "line-slow")
    desk.run_steps(1)
    assert desk.control.history.losses[:, 0].tolist() == pytest.approx([1763.8848, 323.0905], rel=1e-6)
    losses = []
    for name in ("line-by-hand", "line-autograd", "line-module"):
        take_up(desk, name)
        desk.run_steps(300)
        losses.append(desk.control.history.losses[:, 0])
    for other in losses[1:]:
        np.testing.assert_allclose(other, losses[0], rtol=0, atol=1e-9)
    run_to_the_end(desk, "line-adam", 4000)
    assert number_in(desk.drawn("curves")["note"]) == pytest.approx(2.92765, abs=5e-6)


def test_a_wrong_sign_climbs_and_the_bench_names_it(desk: Desk) -> None:
    """B6."""
    take_up(desk, "line-wrong-sign")
    desk.settle()
    assert "sign is wrong" in verdict(desk)
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.DIVERGED)
    losses = desk.control.history.losses[:10, 0]
    assert (np.diff(losses) > 0).all()


def test_rows_of_c_walk_to_three_and_eight_tenths(desk: Desk) -> None:
    """C: by hand, and as a module over 30000 steps; the GPU's row says where it runs."""
    run_to_the_end(desk, "line-500", 500)
    assert float(values(desk)["w"]) > 1.0
    run_to_the_end(desk, "line-50", 30000)
    assert float(values(desk)["weight"].strip("[]")) == pytest.approx(3.0, abs=0.25)
    assert float(values(desk)["bias"].strip("[]")) == pytest.approx(0.8, abs=0.15)
    show(desk, "line-gpu")
    if "cuda:0" not in desk.control.devices:
        assert "no cuda:0" in desk.message
        assert "cpu" in desk.window.status()[1]


def test_rows_of_d_race_and_stumble(desk: Desk) -> None:
    """D: a race on one picture, three sizes of batches, schedules, and a mistake beside the right run."""
    take_up(desk, "race-surface")
    desk.run_steps(400)
    assert len(desk.drawn("surface")["paths"]) == 6
    assert len(desk.drawn("curves")["points"]) == 6
    climbs = {}
    for name in ("batch-full", "batch-mini", "batch-stochastic"):
        take_up(desk, name)
        desk.run_steps(400)
        climbs[name] = (np.diff(desk.control.history.losses[:, 0]) > 0).mean()
    assert climbs["batch-full"] < 0.02
    assert min(climbs["batch-mini"], climbs["batch-stochastic"]) > 0.2
    show(desk, "schedules")
    desk.run_steps(600)
    rates = desk.drawn("parameters")["rates"]
    assert all(f"SGD{what}" in rates for what in (" 0.1", ", StepLR 0.03", ", CosineAnnealingLR 0.07")), rates
    take_up(desk, "forgotten-zero")
    desk.run_steps(600)
    right, wrong = desk.control.history.losses[-1]
    assert right < 1e-6
    assert wrong > 1


def test_another_start_ends_in_another_minimum_and_the_basins_say_so(desk: Desk) -> None:
    """E3, with the map of basins; E4: two ways of one path."""
    run_to_the_end(desk, "himmelblau-starts", 3000)
    assert values(desk) == {"x": "-3.779309", "y": "-3.283185"}
    switch = next(box for box in desk.window.views["surface"].findChildren(QCheckBox) if box.text() == "Basins")
    desk.click(switch)
    desk.wait(lambda: len(desk.drawn("surface")["basins"]) >= 4, "the basins", timeout_ms=90000)
    assert "where each start ends" in desk.drawn("surface")["note"]
    desk.click(switch)
    assert desk.drawn("surface")["basins"] == []
    take_up(desk, "himmelblau-by-hand")
    desk.run_steps(2000)
    positions = desk.control.history.positions
    np.testing.assert_array_equal(positions[:, 0], positions[:, 1])


def test_rows_of_f_in_the_window(desk: Desk) -> None:
    """F1 to F4: what comes near 0, what stays above it, what overflows."""
    for name, steps in (("ten-to-two", 750), ("rank-five", 300), ("ten-to-two-autograd", 750)):
        run_to_the_end(desk, name, steps)
        assert desk.control.history.losses[-1, 0] < 1e-4, name
    run_to_the_end(desk, "rank-one", 100)
    assert number_in(desk.drawn("curves")["note"]) == pytest.approx(248784.9, abs=0.05)
    take_up(desk, "rank-one-overflow")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.DIVERGED)
    desk.settle()
    assert f"Diverged at step {desk.control.step}" in desk.message
    for name in ("ten-to-two-sequential", "ten-to-two-module"):
        run_to_the_end(desk, name, 750)
        assert desk.control.history.losses[-1, 0] < 1e-3, name


def test_weights_are_kept_and_loaded_again(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F5, through the menus; a .pt file is read only once it was allowed."""
    run_to_the_end(desk, "keep-weights", 750)
    trained = desk.control.history.losses[-1, 0]
    path = tmp_path / "kept.pt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    desk.choose_menu("ask_export_weights")
    desk.wait(path.exists, "the weights")
    show(desk, "line")
    show(desk, "keep-weights")
    assert desk.control.history.losses[0, 0] > 1e5
    desk.choose_menu("ask_import_weights")
    assert "unless you allow it" in desk.message
    desk.click(desk.message_button("Allow .pt files"))
    desk.wait(lambda: len(desk.control.history) == 1 and desk.control.state is RunState.READY, "the weights are in")
    assert desk.control.history.losses[0, 0] == trained
    desk.press(Key.Key_R, CONTROL)
    desk.wait_state(RunState.READY)
    desk.settle()
    assert desk.control.history.losses[0, 0] == trained, "a reset keeps them"
    show(desk, "line")
    desk.choose_menu("ask_import_weights")
    desk.wait(lambda: "do not fit" in desk.message, "a sentence")
    assert desk.control.state is not RunState.FAILED


def test_two_neurons_keep_every_step_and_their_curve(desk: Desk) -> None:
    """G."""
    take_up(desk, "neurons")
    assert desk.control.experiment.steps == 100_000
    desk.run_steps(3000)
    assert len(desk.control.history) == 3001
    desk.click_tab("Fit")
    desk.settle()
    assert desk.drawn("fit")["points"] == 10
    assert "step 3,000" in desk.drawn("fit")["note"]
