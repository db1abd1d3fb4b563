"""Colours and fonts, light and dark: the one place where a colour is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by meaning. `lanes` are those of the optimisers that race.

    They lie as far apart as can be in CIEDE2000, the first eight farthest, as seen with all three kinds of cones and
    without the red, the green or the blue ones; those eight places apart, which share a shape, are never close.
    """

    name: str
    window: str
    panel: str
    base: str
    text: str
    muted: str
    border: str
    accent: str
    value: str
    gradient: str
    operation: str
    leaf: str
    result: str
    fault: str
    keyword: str
    lanes: tuple[str, ...]


_LIGHT_LANES = (
    "#d1490c", "#2563c9", "#690f4b", "#2da578", "#c378a5", "#005a3c", "#1e00b4", "#780000",
    "#a55aff", "#a55a69", "#69874b", "#9687d2", "#a5003c", "#e16969", "#876996", "#4b4b78",
)  # fmt: skip
_DARK_LANES = (
    "#ff9a4d", "#6aa5ff", "#964b78", "#00ffc3", "#0f875a", "#ffd2ff", "#2d4bff", "#e10000",
    "#b487c3", "#c37887", "#5a782d", "#6969a5", "#e1e187", "#a5ff00", "#ff2d5a", "#87c396",
)  # fmt: skip
LIGHT = Theme(
    name="light",
    window="#eef0f3",
    panel="#f8f9fb",
    base="#ffffff",
    text="#1b2130",
    muted="#5c6679",
    border="#c9cfd9",
    accent="#2563c9",
    value="#0b6e75",
    gradient="#b4480b",
    operation="#ffffff",
    leaf="#e3f1e4",
    result="#e4ecfb",
    fault="#b3261e",
    keyword="#7e0660",
    lanes=_LIGHT_LANES,
)
DARK = Theme(
    name="dark",
    window="#15181e",
    panel="#1b1f27",
    base="#11141a",
    text="#e8ebf1",
    muted="#9aa5b8",
    border="#39414f",
    accent="#6aa5ff",
    value="#5fd0d6",
    gradient="#ffa45c",
    operation="#232935",
    leaf="#1f3a2a",
    result="#22365a",
    fault="#ff8a80",
    keyword="#e07ac4",
    lanes=_DARK_LANES,
)

MONOSPACE_FAMILIES = ["DejaVu Sans Mono", "Menlo", "Consolas", "Noto Sans Mono", "monospace"]


def system_theme() -> Theme:
    """The theme that the desktop asks for."""
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def theme_named(name: str) -> Theme:
    """``light``, ``dark``, or whatever the desktop asks for."""
    return {"light": LIGHT, "dark": DARK}.get(name) or system_theme()


def palette(theme: Theme) -> QPalette:
    """The Qt palette of a theme."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.base,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.panel,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.panel,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.base,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Mid: theme.border,
        QPalette.ColorRole.Light: theme.panel,
        QPalette.ColorRole.Midlight: theme.border,
        QPalette.ColorRole.Dark: theme.border,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        made.setColor(disabled, role, QColor(mix(theme.muted, theme.window, 0.45)))
    return made


def style_sheet(theme: Theme) -> str:
    """What a palette cannot say."""
    groove = mix(theme.muted, theme.window, 0.55)
    return f"""
    QDockWidget::title {{ background: {theme.window}; color: {theme.muted}; padding: 5px 8px; }}
    QDockWidget {{ font-weight: 600; }}
    QDockWidget > QWidget {{ font-weight: 400; }}
    QMainWindow::separator {{ background: {theme.window}; width: 5px; height: 5px; }}
    QMainWindow::separator:hover {{ background: {theme.accent}; }}
    QToolTip {{ color: {theme.text}; background: {theme.panel}; border: 1px solid {theme.border}; padding: 4px; }}
    QLabel[muted="true"] {{ color: {theme.muted}; }}
    QLabel#heading {{ color: {theme.text}; font-weight: 600; }}
    QTextBrowser {{ border: none; background: {theme.base}; color: {theme.text}; }}
    QLabel[fault="true"] {{ color: {theme.fault}; }}
    QLineEdit, QPlainTextEdit {{ border: 1px solid {theme.border}; border-radius: 3px; padding: 2px 4px;
        background: {theme.base}; selection-background-color: {theme.accent}; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 1px solid {theme.accent}; }}
    QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {theme.muted}; border-radius: 3px;
        background: {theme.base}; }}
    QCheckBox::indicator:checked {{ background: {theme.accent}; border: 1px solid {theme.accent}; }}
    QCheckBox::indicator:focus {{ border: 2px solid {theme.accent}; }}
    QFrame#message {{ background: {theme.result}; border-top: 2px solid {theme.accent}; }}
    QLineEdit[fault="true"], QPlainTextEdit[fault="true"], QComboBox[fault="true"] {{
        border: 1px solid {theme.fault};
    }}
    QPushButton#card {{ text-align: left; border: 1px solid {theme.border}; border-radius: 6px;
        background: {theme.base}; }}
    QPushButton#card:hover, QPushButton#card:focus {{ border: 1px solid {theme.accent}; }}
    QPushButton#card[current="true"] {{ border: 2px solid {theme.accent}; }}
    QGroupBox {{ font-weight: 600; border: none; border-top: 1px solid {theme.border}; margin-top: 34px;
        padding-top: 6px; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 0px; padding: 14px 4px 0 0; }}
    QLabel#form_message {{ background: {theme.window}; border-top: 1px solid {theme.border}; color: {theme.muted}; }}
    QLabel#form_message[fault="true"] {{ color: {theme.fault}; }}
    QToolButton#entry {{ border: 1px solid transparent; border-radius: 3px; padding: 2px 0; }}
    QToolButton#entry:hover, QToolButton#entry:focus {{ border: 1px solid {theme.accent}; }}
    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {groove}; }}
    QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {theme.accent}; }}
    QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
        background: {theme.base}; border: 2px solid {theme.accent}; }}
    QSlider::handle:horizontal:focus {{ background: {theme.accent}; border: 2px solid {theme.text}; }}
    QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {theme.border}; }}
    QSlider::handle:horizontal:disabled {{ border: 2px solid {theme.border}; }}
    QScrollArea {{ border: none; }}
    QToolBar {{ background: {theme.window}; border: none; }}
    QStatusBar {{ background: {theme.window}; }}
    QStatusBar::item {{ border: none; }}
    """


def mix(first: str, second: str, share: float) -> str:
    """`first` with `share` (0 to 1) of `second` in it, as a hexadecimal colour."""
    a, b = QColor(first), QColor(second)
    parts = [round(x + (y - x) * share) for x, y in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))]
    return QColor(*parts).name()


def monospace(points: float) -> QFont:
    """A fixed-pitch font of this machine."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setFamilies([*MONOSPACE_FAMILIES, font.family()])
    font.setPointSizeF(points)
    return font
