"""The parts that the form is laid out of: rows whose labels are all of one width, lines of text, small buttons."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QWidget

from gradviz.core.declaration import FieldSpec

WIDEST_LABEL = "Decoupled decay "
"""As wide as the labels of all sections are; a longer one has two lines."""
GAP = 8
NO_SPACE = "\u200b"
"""Where a line may break, and nothing is seen."""


def rows() -> QFormLayout:
    """Rows of a label and its editor."""
    made = QFormLayout()
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    made.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    made.setHorizontalSpacing(GAP)
    made.setVerticalSpacing(5)
    return made


def field_label(spec: FieldSpec, editor: QWidget) -> QLabel:
    """The label beside an editor."""
    label = QLabel(spec.title)
    label.setToolTip(tooltip(spec))
    label.setBuddy(editor)
    label.setWordWrap(True)
    if spec.editor != "lines":  # that has its own line
        label.setFixedWidth(label.fontMetrics().horizontalAdvance(WIDEST_LABEL))
    return label


def tooltip(spec: FieldSpec) -> str:
    """Description, limits, and whether a change takes effect at once."""
    lines = [spec.description]
    if spec.lower is not None or spec.upper is not None:
        low = "…" if spec.lower is None else f"{spec.lower:g}"
        high = "…" if spec.upper is None else f"{spec.upper:g}"
        lines.append(f"From {low} to {high}.")
    lines.append("Takes effect at once, between two steps." if spec.live else "A change starts a new run.")
    return "\n".join(line for line in lines if line)


def text_label(role: str) -> QLabel:
    """A line of plain text, hidden until it has something to say; `role` decides its colour."""
    label = QLabel()
    label.setProperty(role, True)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.hide()
    return label


def breakable(text: str) -> str:
    """The same to the eye; a formula without blanks may go on in a new line after an operator."""
    return re.sub(r"(?<=[*/(,_])(?=\w)", NO_SPACE, text)


def small_button(text: str, tip: str) -> QPushButton:
    """A flat button of one letter."""
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFlat(True)
    button.setFixedWidth(22)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
