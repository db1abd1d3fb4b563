"""Tries the packages in a bare Debian 12: its smallest system and the documented libraries, nothing else (make bare).

The .tar.xz is unpacked into a folder with a Chinese name that its user cannot write to, and passes its self-test there
as a user without a home, in a real window. The .deb is installed, started, and removed without a trace.
Needs root and debootstrap. The display is this machine's: its socket is reached from inside, no file of it is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from identity import ROOT, VERSION

RELEASE = "bookworm"
USER = "12345:12345"
"""A user that no file knows of."""
FOLDER = "opt/梯度 可视化"
DIST = ROOT / "dist"


class BareError(Exception):
    """What did not hold, in one sentence."""


def documented_libraries() -> list[str]:
    """The packages that the README names; of a|b the last is the older release's."""
    rows = (ROOT / "packaging" / "system-libraries.txt").read_text(encoding="utf-8").splitlines()
    return [row.split()[1].split("|")[-1] for row in rows if row.startswith("debian ")]


def mirror() -> list[str]:
    """Where this machine gets its packages from, so that no other place is asked; empty for debootstrap's own."""
    wanted = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {RELEASE}")
    said = subprocess.run(wanted, capture_output=True, text=True, check=False).stdout.split()
    return said[:1]


@contextmanager
def bare_system() -> Iterator[Path]:
    """The root of a Debian that is gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="gradviz-bare-", dir="/var/tmp"))
    mounted: list[Path] = []
    try:
        root.chmod(0o755)
        include = f"--include={','.join(documented_libraries())}"
        _run("debootstrap", "--variant=minbase", include, RELEASE, str(root), *mirror(), quiet=True)
        for kind, name in (("proc", "proc"), ("devtmpfs", "dev")):
            if not os.path.ismount(root / name):
                _run("mount", "-t", kind, kind, str(root / name))
            mounted.append(root / name)
        yield root
    finally:
        for place in reversed(mounted):
            subprocess.run(["umount", "--lazy", place], check=False)
        if not any(os.path.ismount(place) for place in mounted):
            shutil.rmtree(root, ignore_errors=True)


def try_archive(root: Path, archive: Path) -> None:
    """The self-test of the unpacked program."""
    folder = root / FOLDER
    folder.mkdir(parents=True)
    _run("tar", "-xJf", str(archive), "-C", str(folder))
    _inside(root, f"/{FOLDER}/gradviz/gradviz", "selftest", user=USER)


def try_package(root: Path, package: Path) -> None:
    """Installed, it can be called by its name; removed, nothing of it is left."""
    before = _files(root)
    shutil.copy(package, root / "gradviz.deb")
    _inside(root, "dpkg", "--install", "/gradviz.deb")
    (root / "gradviz.deb").unlink()
    said = _inside(root, "gradviz", "--version", user=USER)
    if said.strip() != f"gradviz {VERSION}":
        raise BareError(f"The installed program calls itself {said.strip()!r}.")
    result = json.loads(_inside(root, "gradviz", "run", "B1", "--steps", "5", "--json", user=USER))
    if result["steps"] != 5:
        raise BareError(f"The installed program made {result['steps']} steps of 5.")
    _inside(root, "dpkg", "--purge", "gradviz")
    left = sorted(_files(root) - before)
    if left:
        raise BareError(f"{left[0]} is left after the package was removed.")


def _files(root: Path) -> set[str]:
    """Every file, but for what any installation and any program changes."""
    found = subprocess.run(
        ["find", root, "-xdev", "(", "-path", root / "var", "-o", "-path", root / "tmp", ")", "-prune", "-o", "-print"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(found.stdout.splitlines())


def _inside(root: Path, *command: str, user: str = "0:0") -> str:
    """What a command prints in there, with nothing of this environment but the display."""
    known = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DISPLAY": os.environ.get("DISPLAY", "")}
    authority = Path(os.environ.get("XAUTHORITY", ""))
    if authority.is_file():
        shutil.copy(authority, root / "tmp" / "display-key")
        (root / "tmp" / "display-key").chmod(0o644)
        known["XAUTHORITY"] = "/tmp/display-key"
    done = subprocess.run(
        ["chroot", f"--userspec={user}", root, *command], env=known, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise BareError(f"{' '.join(command[:2])} ended with status {done.returncode} in the bare system.")
    return done.stdout


def _run(*command: str, quiet: bool = False) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE if quiet else None, text=True, check=False)
    if done.returncode:
        sys.stderr.write("\n".join((done.stdout or "").splitlines()[-20:]) + "\n")
        raise BareError(f"{command[0]} ended with status {done.returncode}.")


def main() -> int:
    """0 when both packages did what they should."""
    archives, packages = (sorted(DIST.glob(name)) for name in (f"gradviz-{VERSION}-linux-*.tar.xz", "gradviz_*.deb"))
    if not (archives and packages):
        sys.stderr.write("bare: there are no packages in dist/: run make package first\n")
        return 2
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.stderr.write("bare: this needs root and debootstrap\n")
        return 2
    try:
        with bare_system() as root:
            sys.stderr.write(f"bare: Debian {RELEASE} with {' '.join(documented_libraries())}\n")
            try_archive(root, archives[0])
            try_package(root, packages[0])
    except BareError as error:
        sys.stderr.write(f"bare: {error}\n")
        return 1
    sys.stderr.write("bare: both packages hold.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
