"""How the window looks: colours, the language of the lessons, layout, and how views show what they show."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLocale, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMenu

from gradviz.app.runs.refresher import Refresher
from gradviz.app.window.documents import Documents
from gradviz.app.window.main_window import MainWindow
from gradviz.storage.shipped.gallery import GalleryEntry, section_of
from gradviz.storage.user.preferences import Preferences
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.kit.theme import theme_named
from gradviz.views.panes.gallery_view import Card
from gradviz.views.panes.lesson_view import LessonView
from gradviz.views.plots.curves_view import CurvesView
from gradviz.views.surface.surface_view import SurfaceView

_THEME_ACTIONS = {"system": "use_system_theme", "light": "use_light_theme", "dark": "use_dark_theme"}
_SWITCHES = ("toggle_log_scale", "toggle_three_dimensions", "toggle_full_screen")
_LANGUAGE_ACTIONS = {"system": "use_system_language", "en": "use_english", "zh": "use_chinese"}


@dataclass(frozen=True, slots=True)
class SwitchedViews:
    """The views that the View menu switches."""

    graph: GraphView
    surface: SurfaceView
    curves: CurvesView
    lesson: LessonView


class Appearance(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the View menu."""

    def __init__(
        self,
        window: MainWindow,
        documents: Documents,
        preferences: Preferences,
        refresher: Refresher,
        views: SwitchedViews,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._documents = documents
        self._preferences = preferences
        self._refresher = refresher
        self._views = views
        self._actions: dict[str, QAction] = {}
        self._gallery_menu = QMenu("&Gallery", window)

    def begin(self, actions: dict[str, QAction], menus: dict[str, QMenu]) -> None:
        """Once the menus are there: the gallery's before the last one, and everything as it was chosen."""
        self._actions = actions
        self._window.menu.insertMenu(menus["&Help"].menuAction(), self._gallery_menu)
        for names in (_THEME_ACTIONS.values(), _LANGUAGE_ACTIONS.values()):
            group = QActionGroup(self)  # one of each is on
            for name in names:
                actions[name].setCheckable(True)
                group.addAction(actions[name])
        for name in _SWITCHES:
            actions[name].setCheckable(True)
            actions[name].triggered.connect(self._show_switches)
        self.restore_views()
        menus["&View"].aboutToShow.connect(self._show_switches)
        self._show_switches()
        self._apply_language()
        self._show_choices()
        QApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    def restore_views(self) -> None:
        """Scales, kind and camera as they were when the program ended."""
        kept, views = self._preferences, self._views
        views.curves.set_log_scale(kept.log_scale)
        views.surface.set_log_height(kept.log_height)
        views.surface.set_kind(kept.three_dimensional)
        views.surface.place_camera(kept.camera)

    def remember_views(self) -> None:
        """Keep scales, kind and camera; where there is no third dimension, what was kept of it stays."""
        kept, views = self._preferences, self._views
        kept.log_scale = views.curves.log_scale
        kept.log_height = views.surface.log_height
        if not views.surface.opengl_fault:
            kept.three_dimensional = views.surface.is_three_dimensional
            kept.camera = views.surface.camera

    def toggle_log_scale(self) -> None:
        """Linear or log axis of the curves."""
        curves = self._views.curves
        curves.set_log_scale(not curves.log_scale)

    def toggle_three_dimensions(self) -> None:
        """3-D surface or contour."""
        surface = self._views.surface
        surface.set_kind(not surface.is_three_dimensional)

    def fit_graph(self) -> None:
        """Show the whole graph."""
        graph = self._views.graph
        graph.fit()

    def use_system_theme(self) -> None:
        """Colours of the desktop."""
        self._choose_theme("system")

    def use_light_theme(self) -> None:
        """Light colours."""
        self._choose_theme("light")

    def use_dark_theme(self) -> None:
        """Dark colours."""
        self._choose_theme("dark")

    def _choose_theme(self, name: str) -> None:
        self._preferences.theme = name
        self._apply_theme()
        self._show_choices()

    def use_system_language(self) -> None:
        """Lessons in the language of the desktop."""
        self._choose_language("system")

    def use_english(self) -> None:
        """Lessons in English."""
        self._choose_language("en")

    def use_chinese(self) -> None:
        """Lessons in Simplified Chinese."""
        self._choose_language("zh")

    def _choose_language(self, language: str) -> None:
        self._preferences.language = language
        self._apply_language()
        self._show_choices()

    def _apply_language(self) -> None:
        """Gallery and lesson in the chosen language."""
        language = self.language
        cards = tuple(_card(entry, language) for entry in self._documents.gallery.values())
        self._window.gallery.show_cards(cards, "搜索" if language == "zh" else "Search the gallery")
        self._window.gallery.mark_current(self._documents.session.gallery_name)
        self._fill_gallery_menu(cards)
        lesson = self._views.lesson
        lesson.set_language(language)
        self._views.graph.set_language(language)

    @property
    def language(self) -> str:
        """``en`` or ``zh``."""
        chosen = self._preferences.language
        system = "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"
        return system if chosen == "system" else chosen

    def _show_choices(self) -> None:
        """Mark in the menu what is chosen."""
        for choice, name in (*_THEME_ACTIONS.items(), *_LANGUAGE_ACTIONS.items()):
            chosen = self._preferences.language if name in _LANGUAGE_ACTIONS.values() else self._preferences.theme
            self._actions[name].setChecked(choice == chosen)

    def _show_switches(self) -> None:
        """Mark in the menu what is on; the boxes of the panes switch the same."""
        curves = self._views.curves
        surface = self._views.surface
        states = curves.log_scale, surface.is_three_dimensional, self._window.isFullScreen()
        for name, on in zip(_SWITCHES, states, strict=True):
            self._actions[name].setChecked(on)
        self._actions["toggle_three_dimensions"].setEnabled(not surface.opengl_fault)

    def _on_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        self._apply_theme()

    def _apply_theme(self) -> None:
        self._window.set_theme(theme_named(self._preferences.theme))
        self._refresher.refresh_all()

    def reset_layout(self) -> None:
        """The panes where a new user finds them."""
        self._window.arrange()

    def toggle_full_screen(self) -> None:
        """Full screen or not."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _fill_gallery_menu(self, cards: tuple[Card, ...]) -> None:
        """One menu for each section."""
        self._gallery_menu.clear()
        menus: dict[str, QMenu] = {}
        for card in cards:
            if card.section not in menus:
                menus[card.section] = self._gallery_menu.addMenu(f"{card.case[:1]}  {card.section}")
            action = menus[card.section].addAction(f"{card.case}  {card.title}")
            action.triggered.connect(lambda _=False, name=card.name: self._documents.open_gallery(name))


def _card(entry: GalleryEntry, language: str) -> Card:
    case, texts = entry.case, entry.document.lesson.in_language(language)
    return Card(entry.name, section_of(case, language), case, texts.title, texts.hint, entry.pictures)
