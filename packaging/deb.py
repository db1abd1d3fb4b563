"""Makes a Debian package of the built program: python packaging/deb.py DIST_FOLDER OUT_FOLDER.

DIST_FOLDER is what gradviz.spec makes, with the program `gradviz` in it. The folder is copied, never changed. What is
run at an installation (menus, MIME types, icons) Debian does by triggers of its own, so there are no scripts here.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from datetime import UTC, datetime, time
from email.utils import format_datetime
from pathlib import Path

from elf import elf_files, is_program
from icons import draw_icons
from identity import APP_ID, DEVELOPER, ROOT, VERSION, Release, copyright_line, latest, licence, releases
from metainfo import description, summary, write_metainfo

SOURCES = ROOT / "packaging" / "linux"
PROGRAM = Path("usr/lib/gradviz")
MAINTAINER = f"{DEVELOPER} <gradviz@packages.invalid>"
TOOLS = {
    "dpkg-deb": "dpkg",
    "dpkg-shlibdeps": "dpkg-dev",
    "readelf": "binutils",
}


def build_deb(dist: Path, out: Path, compression: str = "xz") -> Path:
    """Package the folder `dist`; returns the path of the .deb in `out`. `compression` is what dpkg-deb calls it."""
    latest()
    architecture = _said("dpkg", "--print-architecture")
    target = out / f"gradviz_{VERSION}_{architecture}.deb"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".deb-") as folder:
        root = Path(folder) / "root"
        _stage_program(dist, root)
        _stage_desktop(root, Path(folder) / "icons")
        _stage_documents(root)
        _normalise(root)
        _write_control(root, architecture)
        _pack(root, target, compression)
    return target


def _stage_program(dist: Path, root: Path) -> None:
    """The program below usr/lib, and a link to it where the shell looks; its loader follows links."""
    program = root / PROGRAM
    shutil.copytree(dist, program, symlinks=True)
    link = root / "usr" / "bin" / "gradviz"
    link.parent.mkdir(parents=True)
    link.symlink_to("../lib/gradviz/gradviz")


def _stage_desktop(root: Path, icons: Path) -> None:
    """Menu entry, MIME type, AppStream metainfo and icons."""
    share = root / "usr" / "share"
    shutil.copytree(draw_icons(icons) / "hicolor", share / "icons" / "hicolor")
    for folder, name in (("applications", f"{APP_ID}.desktop"), ("mime/packages", f"{APP_ID}.xml")):
        (share / folder).mkdir(parents=True)
        shutil.copyfile(SOURCES / name, share / folder / name)
    (share / "metainfo").mkdir()
    write_metainfo(share / "metainfo" / f"{APP_ID}.metainfo.xml")


def _stage_documents(root: Path) -> None:
    """Manual page, changes, copyright, and what lintian is to leave alone."""
    share = root / "usr" / "share"
    manual = (SOURCES / "gradviz.1").read_text(encoding="utf-8")
    manual = manual.replace("@VERSION@", VERSION).replace("@DATE@", latest().day.isoformat())
    _write(share / "man" / "man1" / "gradviz.1.gz", _gzipped(manual))
    _write(share / "doc" / "gradviz" / "changelog.gz", _gzipped(changelog(releases())))
    _write(share / "doc" / "gradviz" / "copyright", copyright_file().encode())
    _write(share / "lintian" / "overrides" / "gradviz", (SOURCES / "lintian-overrides").read_bytes())


def changelog(changes: tuple[Release, ...]) -> str:
    """The releases as Debian writes them; those of one day are an hour apart, for each must be later than the last."""
    entries = []
    for place, release in enumerate(changes):
        before = sum(older.day == release.day for older in changes[place + 1 :])
        entries.append(_changelog_entry(release, datetime.combine(release.day, time(before), UTC)))
    return "\n".join(entries)


def _changelog_entry(release: Release, when: datetime) -> str:
    changes = [textwrap.fill(text, 78, initial_indent="  * ", subsequent_indent="    ") for text in release.paragraphs]
    lines = [f"gradviz ({release.version}) stable; urgency=medium", "", *changes, ""]
    return "\n".join([*lines, f" -- {MAINTAINER}  {format_datetime(when)}", ""])


def copyright_file() -> str:
    """Debian's machine-readable form of the licence."""
    holder = copyright_line().removeprefix("Copyright (c) ")
    text = licence().partition(copyright_line())[2].strip()
    lines = "\n".join(f" {line}" if line else " ." for line in text.splitlines())
    return f"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: gradviz
Comment:
 This package carries Python, PyTorch, Qt and other libraries, each under its own licence. The licences lie in
 /usr/lib/gradviz and are shown under Help, About.

Files: *
Copyright: {holder}
License: Expat
{lines}
"""


def _normalise(root: Path) -> None:
    """Permissions as Debian wants them: programs can be started, nothing else; links have none of their own."""
    programs = {path for path in elf_files(root) if is_program(path) and ".so" not in path.name}
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in programs else 0o644)


def depends(root: Path) -> list[str]:
    """Debian packages that have to be there: the system's list, and what the program's files are linked with."""
    linked = {entry.split()[0]: entry for entry in _linked_packages(root)}
    rows = (ROOT / "packaging" / "system-libraries.txt").read_text(encoding="utf-8").splitlines()
    listed = [row.split()[1].split("|") for row in rows if row.startswith("debian ")]
    needs = [" | ".join(linked.get(name, name) for name in names) for names in listed]
    rest = linked.keys() - {name for names in listed for name in names}
    return [*sorted(linked[name] for name in rest), *needs]


def _linked_packages(root: Path) -> list[str]:
    """The packages of the libraries that the folder does not bring, with their oldest version, as Debian finds them."""
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "debian" / "control"
        control.parent.mkdir()
        control.write_text("Source: gradviz\n\nPackage: gradviz\nArchitecture: any\n", encoding="utf-8")
        (root / "DEBIAN").mkdir()  # by this folder it tells which files are of the package itself
        options = ["-O", f"-l/{PROGRAM}/_internal", "--warnings=0", "--ignore-missing-info"]
        files = [str(path.resolve()) for path in elf_files(root)]
        command = ["dpkg-shlibdeps", *options, *files]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"A library that the program needs is not installed here: {done.stderr.strip()[-200:]}")
    return done.stdout.strip().partition("=")[2].split(", ")


def _write_control(root: Path, architecture: str) -> None:
    """The fields that dpkg reads, and the check sums."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(-(-path.stat().st_size // 1024) for path in files) + sum(not path.is_file() for path in root.rglob("*"))
    fields = {
        "Package": "gradviz",
        "Version": VERSION,
        "Architecture": architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": size,
        "Depends": ", ".join(depends(root)),
        "Suggests": "fonts-noto-cjk",  # the lessons in Chinese, where the system has no font for them
        "Section": "education",
        "Priority": "optional",
        "Description": f"{_uncapitalised(summary())}\n{textwrap.indent(textwrap.fill(description(), 78), ' ')}",
    }
    control = "".join(f"{name}: {value}\n" for name, value in fields.items())
    sums = "".join(f"{_md5(path)}  {path.relative_to(root)}\n" for path in files)
    _write(root / "DEBIAN" / "control", control.encode())
    _write(root / "DEBIAN" / "md5sums", sums.encode())


def _pack(root: Path, target: Path, compression: str) -> None:
    """dpkg-deb, with the files no newer than the release: the same folder gives the same package."""
    epoch = str(int(datetime.combine(latest().day, time(), UTC).timestamp()))
    command = ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", str(root), str(target)]
    subprocess.run(command, check=True, env={"SOURCE_DATE_EPOCH": epoch} | os.environ, stdout=subprocess.DEVNULL)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)


def _gzipped(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    """0 when the package was written; its path is printed."""
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if len(sys.argv) != 3 or not (Path(sys.argv[1]) / "gradviz").is_file():
        sys.stderr.write(
            "usage: python packaging/deb.py DIST_FOLDER OUT_FOLDER (DIST_FOLDER holds the program gradviz)\n"
        )
        return 2
    if missing:
        sys.stderr.write(f"A .deb cannot be made without {', '.join(missing)}: install them first.\n")
        return 2
    print(build_deb(Path(sys.argv[1]), Path(sys.argv[2])))  # noqa: T201 - its answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
