"""CSV files: what is written is what is read, in any dress; and what cannot be read is said with its line."""

from __future__ import annotations

import csv
import io
import random
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.delimited_text import SEPARATORS, TextFormat
from gradviz.core.tables.sheets import Reading
from gradviz.storage.problems import FileError
from gradviz.storage.tables.csv_encoding import ENCODINGS, guess_encoding
from gradviz.storage.tables.csv_reading import read_csv

ROWS = "温度,压力\n1.5,2\n-3,4e-2\n"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A place for a file, which no reading may change."""
    return tmp_path / "数据 é.csv"


def whole(path: Path, encoding: str = "", layout: TextFormat | None = None) -> Reading:
    """The last reading; the file is as it was."""
    before = path.read_bytes(), path.stat().st_mtime_ns
    last = list(read_csv(path, encoding, layout))[-1]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert last.sheet is not None
    assert last.share == 1.0
    return last


def refused(path: Path, layout: TextFormat | None = None, within_s: float = 1.0) -> str:
    start = time.thread_time()
    with pytest.raises(FileError) as caught:
        list(read_csv(path, "", layout))
    assert time.thread_time() - start < within_s
    assert 0 < len(str(caught.value)) <= 300
    return str(caught.value)


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(NAMES, min_size=2, max_size=5, unique=True),
    data=st.data(),
    separator=st.sampled_from(list(SEPARATORS)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    decimal=st.sampled_from([".", ","]),
)
def test_what_was_written_is_read(
    made: Path,
    names: list[str],
    data: st.DataObject,
    separator: str,
    encoding: str,
    quoting: int,
    ending: str,
    decimal: str,
) -> None:
    rows = data.draw(st.lists(st.lists(NUMBERS, min_size=len(names), max_size=len(names)), min_size=1, max_size=6))
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, quoting=quoting, lineterminator=ending)
    writer.writerow(names)
    writer.writerows([repr(number).replace(".", decimal) for number in row] for row in rows)
    made.write_bytes(written.getvalue().encode(encoding))
    read = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    sheet = whole(made, read, TextFormat(separator, decimal, True)).sheet
    assert sheet is not None
    assert sheet.values.tobytes() == np.array(rows).tobytes()
    assert len(set(sheet.names)) == len(names)
    plain = [" ".join(name.split()) for name in names]
    if all(name.isprintable() for name in plain) and len(set(plain)) == len(plain):
        assert list(sheet.names) == plain


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_fault_27_the_encoding_and_the_line_ends_are_guessed(made: Path, encoding: str, ending: str) -> None:
    made.write_bytes(ROWS.replace("\n", ending).encode(encoding))
    reading = whole(made)
    sheet = reading.sheet
    assert sheet is not None
    assert sheet.names == ("温度", "压力")
    assert sheet.values.tolist() == [[1.5, 2.0], [-3.0, 0.04]]
    assert reading.encoding in ENCODINGS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("température,hauteur\n1,2\n3,4\n", "latin-1"),
        ("größe;straße\n1,5;2\n", "latin-1"),
        ("prix €,“x”\n1,2\n", "cp1252"),
    ],
)
def test_western_files_are_not_taken_for_chinese_ones(made: Path, text: str, encoding: str) -> None:
    made.write_bytes(text.encode(encoding))
    reading = whole(made)
    assert reading.encoding == encoding
    assert reading.sheet is not None
    assert list(reading.sheet.names) == text.split("\n", maxsplit=1)[0].replace(";", ",").split(",")


def test_a_character_cut_by_the_sample_does_not_change_the_guess() -> None:
    for encoding in ("utf-8", "gb18030"):
        raw = "温度".encode(encoding)
        assert {guess_encoding(b"1,2\n" + raw[:cut]) for cut in (2, 3, 4)} <= {encoding, "latin-1"}
        assert guess_encoding(raw[:-1]) == encoding


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", "."), ("\t", "."), ("|", "."), (" ", "."), (";", ","), ("\t", ",")]
)
def test_fault_27_separator_decimal_and_header_are_guessed(
    made: Path, separator: str, decimal: str, header: bool
) -> None:
    rows = [["x", "y", "z"]] * header + [[f"{k}.5", f"-{k}.25", f"1{k}"] for k in range(1, 9)]
    made.write_text("\n".join(separator.join(row).replace(".", decimal) for row in rows), encoding="ascii")
    reading = whole(made)
    assert reading.format == TextFormat(separator, decimal, header)
    assert reading.sheet is not None
    assert reading.sheet.values[1].tolist() == [2.5, -2.25, 12.0]
    assert reading.sheet.names == (("x", "y", "z") if header else ("column 1", "column 2", "column 3"))


def test_one_column_quoted_line_ends_and_thousands_of_columns(made: Path) -> None:
    made.write_text("1.5\n2.5\n\n3.5\n", encoding="ascii")
    assert whole(made).format.header is False
    assert whole(made).rows == 3
    made.write_text('name,"a\nb"\n"say ""hi""",2\n', encoding="ascii")
    sheet = whole(made, "", TextFormat()).sheet
    assert sheet is not None
    assert sheet.names == ("name", "a b")
    assert sheet.texts[0] == ('say "hi"',)
    made.write_text("\n".join(",".join(str(k) for k in range(4000)) for _ in range(40)), encoding="ascii")
    sheet = whole(made).sheet
    assert sheet is not None
    assert sheet.values.shape == (40, 4000)
    assert sheet.values[39].tolist() == list(range(4000))


def test_blanks_in_any_number_stand_between_cells(made: Path) -> None:
    made.write_text(' a    b "c d"\n 1   2\t3\n10  20  30 \n', encoding="ascii")
    sheet = whole(made, "", TextFormat(" ", ".", True)).sheet
    assert sheet is not None
    assert sheet.names == ("a", "b", "c d")
    assert sheet.values.tolist() == [[1, 2, 3], [10, 20, 30]]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a,b\n1,2\n\n3,4,5\n6,7\n", 4, "3 cells, the rows before it have 2"),
        ("a,b\n1,2\n3\n", 3, "1 cell,"),
        ('a,b\n1,2\n3,"4\n5,6\n', 3, "opened and never closed"),
        ('a,b\n"1"x,2\n', 2, "after a closing quote"),
        ('a,b\n1,2\n3,"' + "x\n" * 90_000, 3, "opened and not closed"),
        (",".join("1" * 200_000), 1, "200,000 columns"),
        ("a,b\n1,2\n3," + "x" * 200_000 + "\n", 3, "more than 100,000 characters"),
        ("a,b\n1," + "7" * 9_000_000, 2, "more than 4,000,000 characters"),
    ],
    ids=["ragged", "short", "unclosed", "after quote", "unclosed long", "200,000 columns", "200 kB field", "line"],
)
def test_fault_28_the_line_and_the_reason_within_a_second(made: Path, text: str, line: int, said: str) -> None:
    made.write_text(text, encoding="ascii")
    message = refused(made, TextFormat())
    assert message.startswith(f"Line {line}: ")
    assert said in message


def test_fault_28_the_rows_before_the_fault_are_shown(made: Path) -> None:
    made.write_text("a,b\n1,2\n3,4\n5\n", encoding="ascii")
    readings = []
    with pytest.raises(FileError):
        readings += [readings.append(reading) for reading in read_csv(made)]
    preview = readings[-1].preview
    assert preview is not None
    assert preview.cells == (("1", "2"), ("3", "4"))


def test_fault_29_every_kind_of_bad_cell_is_counted(made: Path) -> None:
    made.write_text("x,y,kind\n1,nan,red\n,inf,blue\n1_000,2,red\n١٢,-inf,green\nNA,3,blue\n", encoding="utf-8")
    reading = whole(made)
    sheet = reading.sheet
    assert sheet is not None
    counted = {
        name: {CellFault(kind).name: int(count) for kind, count in enumerate(row) if count}
        for name, row in zip(sheet.names, sheet.counts, strict=True)
    }
    assert counted == {
        "x": {"NONE": 1, "EMPTY": 1, "MISSING": 1, "GROUPED": 1, "FOREIGN_DIGITS": 1},
        "y": {"NONE": 2, "NAN": 1, "INFINITE": 2},
        "kind": {"TEXT": 5},
    }
    assert np.array_equal(sheet.counts, reading.counts)
    assert sheet.texts == ((), (), ("red", "blue", "green"))
    assert sheet.codes[2].tolist() == [0, 1, 0, 2, 1]
    assert np.isnan(sheet.values[sheet.faults > 0]).all()
    assert reading.preview is not None
    assert reading.preview.faults.tolist() == sheet.faults.tolist()


def test_texts_of_later_rows_keep_their_place_and_too_many_are_given_up(made: Path) -> None:
    body = "".join(f"{k},{'cat' if k % 700 == 699 else k}\n" for k in range(2000))
    made.write_text("a,b\n" + body, encoding="ascii")
    sheet = whole(made).sheet
    assert sheet is not None
    assert np.flatnonzero(sheet.codes[1] == 0).tolist() == [699, 1399]
    made.write_text("a,b\n" + "".join(f"{k},t{k}\n" for k in range(2000)), encoding="ascii")
    sheet = whole(made).sheet
    assert sheet is not None
    assert sheet.texts[1] is None
    assert sheet.counts[1][CellFault.TEXT] == 2000


def test_fault_31_a_million_rows_come_in_slices_and_can_be_left(made: Path) -> None:
    made.write_text("a,b\n" + "1.25,-3.5\n" * 1_000_000, encoding="ascii")
    reading = read_csv(made)
    shares, slowest = [], 0.0
    for _ in range(200):
        start = time.thread_time()
        shares.append(next(reading).share)
        slowest = max(slowest, time.thread_time() - start)
    assert 0 < shares[-1] < 1
    assert shares == sorted(shares)
    assert slowest < 0.3, "one slice may take 20 ms; a loaded machine is forgiven"
    reading.close()
    last = whole(made)
    assert last.rows == 1_000_000
    assert last.preview is not None
    assert len(last.preview.cells) == 200


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG picture"),
        (b"<!DOCTYPE html><html>", "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "Excel workbook"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PAR1....", "Parquet"),
        (b'{"format": 2}', "JSON"),
        (b"\x40\x00\x00\x00\x00\x00\x00\x00{", "safetensors"),
        (b"", "empty"),
        (b"\n\n\n", "no rows"),
        (bytes(range(256)) * 20, "binary data"),
    ],
)
def test_a_foreign_file_is_named(made: Path, first: bytes, said: str) -> None:
    made.write_bytes(first)
    message = refused(made)
    assert said in message
    assert "gradviz file" not in message or "safetensors" in said


def test_a_folder_a_missing_file_and_wrong_bytes_are_said(made: Path) -> None:
    assert "no such file" in refused(made)
    assert "folder" in refused(made.parent)
    made.write_bytes(b"a,b\n\n")
    assert "no rows below" in refused(made, TextFormat())
    made.write_bytes(b"a,b\n" + b"1,2\n" * 400_000 + b"\xff\xfe,3\n")
    assert "the bytes are not UTF-8" in refused(made, within_s=5.0)


def test_fuzzed_bytes_never_raise_anything_but_a_file_error(made: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    begin = time.thread_time()
    good = [ROWS.encode(name) for name in ("utf-8", "utf-16", "gbk")]
    good.append(b'a;b;c\r\n1,5;"x ""y""\n";3\r\n' * 30)
    messages: set[str] = set()
    for _ in range(400):
        raw = bytearray(chance.choice(good))
        for _ in range(chance.randrange(1, 8)):
            place = chance.randrange(len(raw))
            action = chance.randrange(3)
            if action == 0:
                raw[place] = (
                    chance.choice(b'",;\t| \r\n\0\xff\x80a1.-') if chance.random() < 0.7 else chance.randrange(256)
                )
            elif action == 1:
                raw[place:place] = chance.randbytes(chance.randrange(4))
            else:
                del raw[place : place + chance.randrange(1, 9)]
            raw = raw or bytearray(b",")
        made.write_bytes(raw)
        one = time.thread_time()
        try:
            sheet = list(read_csv(made))[-1].sheet
            assert sheet is not None
            assert np.array_equal(np.isnan(sheet.values), sheet.faults > 0)
        except FileError as error:
            messages.add(str(error))
        assert time.thread_time() - one < 1.0, bytes(raw)
    assert time.thread_time() - begin < 60
    assert max(map(len, messages), default=0) <= 300
