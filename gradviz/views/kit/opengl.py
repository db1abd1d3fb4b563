"""Whether OpenGL works here, found out before anything is rendered with it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat


def probe_opengl() -> str:
    """Empty if a context works, else the reason why not. Chooses PyOpenGL's platform to fit Qt's."""
    if os.environ.get("GRADVIZ_NO_OPENGL"):
        return "OpenGL is switched off (GRADVIZ_NO_OPENGL)."
    if QGuiApplication.platformName() in ("offscreen", "minimal", "vnc"):
        return f"The display {QGuiApplication.platformName()} has no OpenGL."
    _choose_format()
    context = QOpenGLContext()
    if not context.create():
        return "This display gives no OpenGL context."
    surface = QOffscreenSurface()
    surface.create()
    if not context.makeCurrent(surface):
        return "An OpenGL context was made, but it cannot be used."
    try:
        _fit_pyopengl()
        major, minor = context.format().majorVersion(), context.format().minorVersion()
        return "" if (major, minor) >= (2, 1) else f"OpenGL {major}.{minor} is too old; 2.1 is needed."
    finally:
        context.doneCurrent()


def _choose_format() -> None:
    """Smooth edges where they are cheap. Must be set before the first context."""
    chosen = QSurfaceFormat.defaultFormat()
    chosen.setDepthBufferSize(24)
    QSurfaceFormat.setDefaultFormat(chosen)


def _fit_pyopengl() -> None:
    """PyOpenGL guesses GLX or EGL; tell it which of them Qt's context, now current, really is."""
    if not sys.platform.startswith("linux") or "PYOPENGL_PLATFORM" in os.environ:
        return
    for platform, library, function in (("glx", "GL", "glXGetCurrentContext"), ("egl", "EGL", "eglGetCurrentContext")):
        found = ctypes.util.find_library(library)
        if not found:
            continue
        try:
            current = getattr(ctypes.CDLL(found), function)
        except (OSError, AttributeError):
            continue
        current.restype = ctypes.c_void_p
        if current():
            os.environ["PYOPENGL_PLATFORM"] = platform
            return
