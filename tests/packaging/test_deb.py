"""The Debian package, made of a small program in the place of the real one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from identity import APP_ID, VERSION, Release
from packages import ROOT, needs, said

pytestmark = needs("dpkg-deb", "dpkg-shlibdeps", "readelf", "strip", "chrpath")
FAKE = "/bin/true"
"""A real program: an ELF file that is linked with the C library."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build leaves, with permissions and a link as they should not be shipped, and as they should."""
    folder = tmp_path_factory.mktemp("a folder 梯度") / "gradviz"
    inner = folder / "_internal"
    inner.mkdir(parents=True)
    shutil.copy(FAKE, folder / "gradviz")
    (inner / "notes.txt").write_text("text\n")
    (inner / "link.txt").symlink_to("notes.txt")
    (inner / "notes.txt").chmod(0o775)
    inner.chmod(0o777)
    return folder


@pytest.fixture(scope="module")
def package(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from deb import build_deb

    return build_deb(dist, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def contents(package: Path) -> dict[str, tuple[str, str, str]]:
    """Permissions, owner, and what a link points to, by path."""
    rows = {}
    for line in said("dpkg-deb", "--contents", str(package)).splitlines():
        mode, owner, _size, _day, _hour, name = line.split(None, 5)
        path, _, target = name.partition(" -> ")
        rows[path.removeprefix(".").rstrip("/")] = (mode, owner, target)
    return rows


def test_the_command_prints_the_package(dist: Path, tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "packaging" / "deb.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*script, str(dist), str(tmp_path)], capture_output=True, text=True, env=environment, check=True
    )
    (made,) = tmp_path.iterdir()
    assert done.stdout.strip() == str(made)
    assert re.fullmatch(rf"gradviz_{re.escape(VERSION)}_\w+\.deb", made.name)


def test_a_folder_without_a_program_is_refused(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "packaging" / "deb.py"), str(tmp_path), str(tmp_path / "out")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert "DIST_FOLDER holds the program gradviz" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_fields_are_right(package: Path) -> None:
    fields = dict(re.findall(r"^([\w-]+): (.*)$", said("dpkg-deb", "--field", str(package)), re.MULTILINE))
    assert (fields["Package"], fields["Version"]) == ("gradviz", VERSION)
    assert fields["Architecture"] == said("dpkg", "--print-architecture").strip()
    assert int(fields["Installed-Size"]) > 100
    needs_of = fields["Depends"].split(", ")
    assert any(re.fullmatch(r"libc6 \(>= 2\.\d+\)", need) for need in needs_of)
    assert "libglib2.0-0t64 | libglib2.0-0" in needs_of
    assert {"libegl1", "libgl1", "libxcb-cursor0", "libxkbcommon-x11-0"} <= set(needs_of)
    assert len(needs_of) == len({need.split()[0] for need in needs_of})


def test_the_files_are_where_desktops_look(contents: dict[str, tuple[str, str, str]]) -> None:
    share = "/usr/share"
    expected = [
        "/usr/lib/gradviz/gradviz",
        f"{share}/applications/{APP_ID}.desktop",
        f"{share}/mime/packages/{APP_ID}.xml",
        f"{share}/metainfo/{APP_ID}.metainfo.xml",
        f"{share}/icons/hicolor/48x48/apps/{APP_ID}.png",
        f"{share}/icons/hicolor/scalable/apps/{APP_ID}.svg",
        f"{share}/icons/hicolor/48x48/mimetypes/application-x-gradviz.png",
        f"{share}/man/man1/gradviz.1.gz",
        f"{share}/doc/gradviz/copyright",
        f"{share}/doc/gradviz/changelog.gz",
    ]
    assert [path for path in expected if path not in contents] == []


def test_links_lead_into_the_package(contents: dict[str, tuple[str, str, str]]) -> None:
    assert contents["/usr/bin/gradviz"][2] == "../lib/gradviz/gradviz"
    assert contents["/usr/lib/gradviz/_internal/link.txt"][2] == "notes.txt"


def test_owner_and_permissions_are_those_of_a_system(contents: dict[str, tuple[str, str, str]]) -> None:
    assert {owner for _, owner, _ in contents.values()} == {"root/root"}
    for path, (mode, _, _) in contents.items():
        expected = {"d": "drwxr-xr-x", "l": "lrwxrwxrwx", "-": "-rw-r--r--"}[mode[0]]
        assert mode == ("-rwxr-xr-x" if path == "/usr/lib/gradviz/gradviz" else expected), path


def test_the_folder_that_was_packed_is_as_before(dist: Path, package: Path) -> None:
    assert (dist / "_internal").stat().st_mode & 0o777 == 0o777
    assert (dist / "_internal" / "notes.txt").stat().st_mode & 0o777 == 0o775


def test_what_is_packed_runs_and_its_sums_are_right(package: Path, tmp_path: Path) -> None:
    said("dpkg-deb", "--raw-extract", str(package), str(tmp_path))
    subprocess.run([tmp_path / "usr" / "bin" / "gradviz"], check=True)
    subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=tmp_path, check=True)
    assert "@" not in said("zcat", str(tmp_path / "usr/share/man/man1/gradviz.1.gz"))
    assert {path.name for path in (tmp_path / "DEBIAN").iterdir()} == {"control", "md5sums"}, "no scripts are needed"


def test_the_same_folder_gives_the_same_package(dist: Path, package: Path, tmp_path: Path) -> None:
    from deb import build_deb

    assert build_deb(dist, tmp_path).read_bytes() == package.read_bytes()


@needs("lintian")
def test_lintian_finds_no_error(package: Path, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = ["lintian", "--fail-on", "error", "--tag-display-limit", "0", str(package)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "E: " not in done.stdout


def test_each_change_is_later_than_the_one_before() -> None:
    from deb import changelog

    days = [date(2026, 3, 2), date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 1)]
    text = changelog(tuple(Release(f"1.{3 - k}", day, ("New.",)) for k, day in enumerate(days)))
    written = [parsedate_to_datetime(stamp) for stamp in re.findall(r"^ -- .*>  (.*)$", text, re.MULTILINE)]
    assert len(written) == 4
    assert written == sorted(set(written), reverse=True)
    assert [moment.date() for moment in written] == days


def test_search_paths_keep_what_is_the_programs_own(tmp_path: Path) -> None:
    from elf import clean_search_paths, search_path

    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    if shutil.which("gcc") is None:
        pytest.skip("not installed: gcc")
    for name, paths in (
        ("both", "$ORIGIN/../lib:/home/builder/lib"),
        ("bad", "/home/builder/lib"),
        ("good", "$ORIGIN"),
    ):
        options = ["-shared", "-fPIC", "-o", str(tmp_path / f"{name}.so"), str(source), f"-Wl,-rpath,{paths}"]
        subprocess.run(["gcc", *options], check=True)
    assert [path.stem for path in clean_search_paths(tmp_path)] == ["bad", "both"]
    left = {name: search_path(tmp_path / f"{name}.so") for name in ("both", "bad", "good")}
    assert left == {"both": "$ORIGIN/../lib", "bad": "", "good": "$ORIGIN"}


def test_set_up_and_package_read_one_list() -> None:
    rows = (ROOT / "packaging" / "system-libraries.txt").read_text().splitlines()
    assert {row.split()[0] for row in rows if not row.startswith("#")} == {"debian", "fedora"}
    assert all(len(row.split()) == 2 for row in rows if not row.startswith("#"))
    setup = (ROOT / "packaging" / "setup.sh").read_text()
    assert "packaging/system-libraries.txt" in setup
    assert "libxcb-cursor0" not in setup
