"""Builds the program for the system that this runs on, tests it inside, and packs it (make package).

build/icons, then dist/gradviz by gradviz.spec, the licences of all that is in it, the program's own self-test, and at
last the packages: a .tar.xz and a .deb on Linux, an installer on Windows, a disk image on macOS. All of it is made
anew each time: nothing that an earlier run left can stand in for a step that fails.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from elf import clean_search_paths, strip_debugging
from icons import draw_icons
from identity import ROOT, VERSION
from licences import main as collect_licences

BUILD, DIST = ROOT / "build", ROOT / "dist"
MEGABYTE = 1_000_000
XZ = ("xz", "--threads=0", "--x86", "--lzma2=preset=9,dict=64MiB")
"""With xz's filter for x86 code, for most of it is libraries."""


LINUX_TOOLS = ("chrpath", "readelf", "strip", "tar", "xz")


class PackagingError(Exception):
    """A step that failed, in one sentence."""


def folder_of_program() -> Path:
    """What PyInstaller makes: a folder, or a bundle on macOS."""
    return DIST / ("gradviz.app" if sys.platform == "darwin" else "gradviz")


def executable() -> Path:
    """What is started from a command line."""
    inside = {"darwin": "Contents/MacOS/gradviz", "win32": "gradviz-console.exe"}.get(sys.platform, "gradviz")
    return folder_of_program() / inside


def build() -> None:
    """dist/gradviz, with the licences of everything in it."""
    missing = [tool for tool in LINUX_TOOLS if sys.platform == "linux" and shutil.which(tool) is None]
    if missing:
        raise PackagingError(f"The program cannot be built without {', '.join(missing)}: install them first.")
    for old in (BUILD, DIST):
        shutil.rmtree(old, ignore_errors=True)
    draw_icons(BUILD / "icons")
    where = ("--distpath", str(DIST), "--workpath", str(BUILD), "--noconfirm", "--log-level", "WARN")
    _run(sys.executable, "-m", "PyInstaller", *where, str(ROOT / "packaging" / "gradviz.spec"))
    if sys.platform == "linux":
        clean_search_paths(DIST / "gradviz")
        strip_debugging(DIST / "gradviz")
    if collect_licences([str(BUILD / "gradviz"), str(folder_of_program())]):
        raise PackagingError("The licences of what is shipped are not complete; what is missing stands above.")
    if sys.platform == "darwin":  # PyInstaller signed the bundle before the licences were in it
        _run("codesign", "--force", "--deep", "--sign", "-", str(folder_of_program()))


def test() -> None:
    """The program's own self-test, in a folder with a name that is neither English nor short of spaces."""
    with tempfile.TemporaryDirectory(prefix="gradviz 自检 ") as folder:
        _run(str(executable()), "selftest", cwd=folder, env=_bare_environment(folder))


def _bare_environment(home: str) -> dict[str, str]:
    """Nothing of the environment that built it, so that nothing of it can be what makes the program run."""
    kept = ("DISPLAY", "XAUTHORITY", "SYSTEMROOT", "TEMP", "TMP", "QT_QPA_PLATFORM")
    kept_values = {name: os.environ[name] for name in kept if name in os.environ}
    return {"PATH": os.defpath, "HOME": home, "USERPROFILE": home, **kept_values}


def pack() -> list[Path]:
    """The files for people to download."""
    pack_here = {"linux": _pack_linux, "win32": _pack_windows, "darwin": _pack_macos}
    if sys.platform not in pack_here:
        raise PackagingError(f"There is no package for {sys.platform}; the program is in {folder_of_program()}.")
    return pack_here[sys.platform]()


def _pack_linux() -> list[Path]:
    from deb import build_deb

    packages = [_archive()]
    if shutil.which("dpkg-deb") is None:
        sys.stderr.write("package: no .deb, for dpkg-deb is not installed here\n")
    else:
        packages.append(build_deb(DIST / "gradviz", DIST))
        _check(packages[-1])
    return packages


def _archive() -> Path:
    """A .tar.xz: the folder as it is, whoever built it and in whatever order its files lie."""
    target = DIST / f"gradviz-{VERSION}-linux-{platform.machine()}.tar.xz"
    same = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu")
    filters = XZ if platform.machine() == "x86_64" else tuple(word for word in XZ if word != "--x86")
    command = ["tar", *same, "-cf", "-", "gradviz"]
    with target.open("wb") as out, subprocess.Popen(command, cwd=DIST, stdout=subprocess.PIPE) as tar:
        packed = subprocess.run(filters, stdin=tar.stdout, stdout=out, check=False)
    if tar.returncode or packed.returncode:
        raise PackagingError(f"{target.name} could not be written.")
    return target


def _check(package: Path) -> None:
    """What Debian's checker says of the package; its errors are ours."""
    if shutil.which("lintian") is None:
        sys.stderr.write("package: the .deb was not checked, for lintian is not installed here\n")
    else:
        _run("lintian", "--fail-on", "error", "--tag-display-limit", "3", "--allow-root", str(package))


def _pack_windows() -> list[Path]:
    compiler = shutil.which("iscc") or r"C:\Program Files (x86)\Inno Setup 6\ISCC.exe"
    _run(compiler, "/Qp", f"/DVersion={VERSION}", str(ROOT / "packaging" / "windows" / "gradviz.iss"))
    return [DIST / f"gradviz-{VERSION}-setup.exe"]


def _pack_macos() -> list[Path]:
    from macos_bundle import build_disk_image

    return [build_disk_image(folder_of_program(), DIST)]


def _run(*command: str, cwd: str | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, check=False)
    if done.returncode:
        raise PackagingError(f"{Path(command[0]).name} ended with status {done.returncode}; what it said is above.")


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if not file.is_symlink() and file.is_file()]
    return sum(file.stat().st_size for file in files)


def _step(name: str, work: Callable[[], object]) -> object:
    """Do it, and say how long it took."""
    started = time.monotonic()
    result = work()
    sys.stderr.write(f"package: {name} took {time.monotonic() - started:.0f} s\n")
    return result


def main() -> int:
    """0 when the program was built, passed its self-test and was packed; the packages are listed with their sizes."""
    try:
        _step("the build", build)
        _step("the self-test of the built program", test)
        _step("packing", pack)
    except PackagingError as error:
        sys.stderr.write(f"package: {error}\n")
        return 1
    for path in (folder_of_program(), *sorted(DIST.glob(f"gradviz[-_]{VERSION}*"))):
        print(f"{_size(path) / MEGABYTE:8.1f} MB  {path.relative_to(ROOT)}")  # noqa: T201 - its answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
