"""Scripts on the disk: written as they declare, and gone afterwards where they are nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradviz.storage.experiments.script_file import read_script, scratch_script, write_script
from gradviz.storage.problems import FileError


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "# -*- coding: latin-1 -*-\ns = 'é'\n", "s = '中'\r\n", "# coding: no\n"]
)
def test_what_is_written_is_read_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.py"
    write_script(path, text)
    if "coding: no" not in text:
        assert read_script(path) == text
    if "latin-1" in text:
        assert "é".encode("latin-1") in path.read_bytes()


def test_letters_that_the_encoding_has_not_are_told_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    write_script(path, "x = 1\n")
    with pytest.raises(FileError, match="its encoding has not"):
        write_script(path, "# coding: ascii\ns = '中'\n")
    assert read_script(path) == "x = 1\n"


def test_a_scratch_file_is_gone_afterwards() -> None:
    with scratch_script("print(1)\n") as path:
        assert read_script(path) == "print(1)\n"
    assert not path.parent.exists()
