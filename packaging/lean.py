"""What is left out of the packaged program, and why: nothing that a menu entry, a command or a script needs.

Names are those in the built folder. The self-test of the built program is what holds this list true.
"""

from __future__ import annotations

import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

Entry = tuple[str, str, str]
"""PyInstaller's: name in the built folder, path of the source, kind."""

EXCLUDED_MODULES = (
    # tests, tools and notebooks that torch.testing, pydantic and pyqtgraph would bring along
    "_pytest",
    "hypothesis",
    "IPython",
    "mypy",
    "openpyxl",
    "pandas",
    "pip",
    "py",
    "pytest",
    "setuptools",
    "tkinter",
    # 34 MB that read Parquet, which a sentence says is missing
    "arro3",
    # nothing here goes to a network, to a database or to a terminal's line editor
    "_hashlib",
    "_sqlite3",
    "curses",
    "readline",
    "sqlite3",
    "ssl",
    # what torch imports for compiling, exporting and serving alone, where it is there
    "fsspec",
    "jinja2",
    "networkx",
    # PySide6 modules that others import where they are there
    "PySide6.QtNetwork",
    "PySide6.QtTest",
)

LEFT_OUT = (
    # torch's own tests, and headers and compilers for extensions
    "torch/bin/*",
    "torch/test/*",
    "torch/include/*",
    "torch/share/*",
    "torch/lib/libaoti_custom_ops.so",
    "torch/lib/libbackend_with_compiler.so",
    "torch/lib/libjitbackend_test.so",
    "torch/lib/libtorchbind_test.so",
    # Qt without a desktop, without a use here, or for a toolkit of which half would come along
    "PySide6/Qt/plugins/egldeviceintegrations/*",
    "PySide6/Qt/plugins/generic/*",
    "PySide6/Qt/plugins/networkinformation/*",
    "PySide6/Qt/plugins/tls/*",
    "PySide6/Qt/plugins/platforms/libqeglfs.so",
    "PySide6/Qt/plugins/platforms/libqlinuxfb.so",
    "PySide6/Qt/plugins/platforms/libqminimalegl.so",
    "PySide6/Qt/plugins/platforms/libqvkkhrdisplay.so",
    "PySide6/Qt/plugins/platforms/libqvnc.so",
    "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
    "*libQt6EglF*",
    "*libQt6Network.so.6",
    "*libQt6Test.so.6",
    "PySide6/Qt/plugins/imageformats/libqtga.so",
    "PySide6/Qt/plugins/imageformats/libqtiff.so",
    "PySide6/Qt/plugins/imageformats/libqwbmp.so",
    "PySide6/Qt/plugins/imageformats/libqwebp.so",
    "PySide6/Qt/translations/*",
    # the sources beside the bytecode of tests: torch imports a few of these modules, but reads none
    "torch/testing/*.py",
    "hypothesis-*.dist-info/*",
)

KEPT = (
    "torch/bin/torch_shm_manager",  # torch looks for it when it is imported
)

OF_THE_SYSTEM = (
    # What a graphics driver is linked to as well has to be the system's (AppImage's excludelist): an older one of ours
    # in the same process would keep OpenGL from starting. packaging/system-libraries.txt names the packages.
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libX11.so.6",
    "libX11-xcb.so.1",
    "libXau.so.6",
    "libXdmcp.so.6",
    "libxcb.so.1",
    "libxcb-glx.so.0",
    "libxcb-randr.so.0",
    "libxcb-render.so.0",
    "libxcb-shm.so.0",
    "libxcb-sync.so.1",
    "libxcb-xfixes.so.0",
    "libwayland-*.so.*",
    "libexpat.so.1",
    "libz.so.1",
    "libbsd.so.0",
    "libmd.so.0",
    # each with settings and services of its own that differ from system to system
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libfreetype.so.6",
    "libglib-2.0.so.0",
    "libgthread-2.0.so.0",
    # what these alone need
    "libbrotli*.so.1",
    "libcap.so.2",
    "libgcrypt.so.20",
    "libgpg-error.so.0",
    "liblz4.so.1",
    "libpcre2-8.so.0",
    "libpng16.so.16",
    "libsystemd.so.0",
    "libzstd.so.1",
)

OF_WHAT_IS_LEFT_OUT = (
    # libraries that only the plugins above are linked to
    "libX[cdfirR]*.so.*",
    "libXext.so.6",
    "libatk*.so.0",
    "libatspi.so.0",
    "libblkid.so.1",
    "libcairo*.so.2",
    "libcom_err.so.2",
    "libdatrie.so.1",
    "libepoxy.so.0",
    "libfribidi.so.0",
    "libg[dt]k-3.so.0",
    "libgdk_pixbuf-2.0.so.0",
    "libgio-2.0.so.0",
    "libgmodule-2.0.so.0",
    "libgobject-2.0.so.0",
    "libgraphite2.so.3",
    "libgssapi_krb5.so.2",
    "libharfbuzz.so.0",
    "libjpeg.so.62",
    "libk5crypto.so.3",
    "libkeyutils.so.1",
    "libkrb5*.so.*",
    "libmount.so.1",
    "libpango*-1.0.so.0",
    "libpixman-1.so.0",
    "libselinux.so.1",
    "libthai.so.0",
)


WITHOUT_SYMBOLS = (
    # where it saves much; wheels that were patched after they were linked do not bear it (numpy's do not)
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libtorch_python.so",
    "libpython3.*",
    "python3.*/lib-dynload/*",
    "python_calamine/*.so",
)


def is_left_out(name: str) -> bool:
    """Whether the file of that name in the built folder stays out of it."""
    if any(fnmatch(name, pattern) for pattern in KEPT):
        return False
    return any(fnmatch(name, pattern) for pattern in (*LEFT_OUT, *OF_THE_SYSTEM, *OF_WHAT_IS_LEFT_OUT))


def lean(entries: list[Entry]) -> list[Entry]:
    """The entries that are shipped."""
    return [entry for entry in entries if not is_left_out(entry[0].replace("\\", "/"))]


def is_module_left_out(name: str) -> bool:
    """Whether the bytecode of a module stays out: rich asks pygments for the colours of sources, and none is shown."""
    return name.startswith("pygments.lexers.") and name not in ("pygments.lexers._mapping", "pygments.lexers.python")


def stripped(entries: list[Entry], folder: Path) -> list[Entry]:
    """The same with the large libraries without their symbols, in `folder`; where there is no strip, as they are."""
    if shutil.which("strip") is None:
        return entries
    return [_stripped(entry, folder) for entry in entries]


def _stripped(entry: Entry, folder: Path) -> Entry:
    name, source, kind = entry
    if not any(fnmatch(name, pattern) for pattern in WITHOUT_SYMBOLS):
        return entry
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["strip", "--strip-unneeded", "-o", target, source], check=True)
    return name, str(target), kind
