"""Files that are something else, told by their first bytes so that a message can name them."""

from __future__ import annotations

from gradviz.storage.problems import FileError

CHOOSE = "Choose a .gradviz or .json experiment."
SNIFFED_BYTES = 512
_NO_PICKLE = "gradviz opens no pickles and nothing compressed, because those can run code or unpack without end."
_MAGIC = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, which stands in for the real file", "git lfs"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"%PDF-", "a PDF document", ""),
    (b"PK\x03\x04", "a zip archive, such as a PyTorch .pt checkpoint", "pickle"),
    (b"PK\x05\x06", "a zip archive", "pickle"),
    (b"\x1f\x8b", "a gzip archive", "pickle"),
    (b"\x80\x02", "a Python pickle, such as an old PyTorch checkpoint", "pickle"),
    (b"\x80\x03", "a Python pickle", "pickle"),
    (b"\x80\x04", "a Python pickle", "pickle"),
    (b"\x80\x05", "a Python pickle", "pickle"),
)


def foreign_file(first: bytes) -> FileError | None:
    """The refusal of a file that begins with `first`, or None where nothing else is recognised."""
    if not first:
        return FileError("This file is empty: it is not a gradviz file.", CHOOSE)
    start = first[:SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<") and b"<html" in start):
        return FileError(
            "This is an HTML page, not a gradviz file.", "Download the file itself, not the page that shows it."
        )
    for magic, what, family in _MAGIC:
        if first.startswith(magic):
            return _named(what, family)
    return None


def _named(what: str, family: str) -> FileError:
    if family == "pickle":
        return FileError(f"This is {what}, not a gradviz file. {_NO_PICKLE}", CHOOSE)
    next_step = "Run git lfs pull in its folder, then open it again." if family == "git lfs" else CHOOSE
    return FileError(f"This is {what}, not a gradviz file.", next_step)
