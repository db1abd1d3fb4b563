"""In which encoding a text was written, by its bytes."""

from __future__ import annotations

import codecs

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (little endian)",
    "utf-16-be": "UTF-16 (big endian)",
    "gb18030": "Chinese (GBK, GB 18030)",
    "big5": "Chinese (Big5)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_kr": "Korean (EUC-KR)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1252": "Western (Windows-1252)",
    "latin-1": "Western (Latin-1)",
}
SAMPLE_BYTES = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def guess_encoding(sample: bytes) -> str:
    """The encoding of a text that begins with `sample`; empty where these bytes are no text."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if b"\0" in sample:
        return _guess_utf16(sample)
    if _decodes(sample, "utf-8"):
        return "utf-8"
    if _is_control_ridden(sample):
        return ""
    if _decodes(sample, "gb18030") and _is_common_chinese(sample):
        return "gb18030"
    # Latin-1 has control characters from 0x80 to 0x9f, where Windows has quotes and the euro
    has_windows = any(0x80 <= byte <= 0x9F for byte in sample)
    return "cp1252" if has_windows and _decodes(sample, "cp1252") else "latin-1"


def bytes_of_mark(sample: bytes, encoding: str) -> int:
    """How many bytes at the beginning only mark the encoding."""
    return next((len(mark) for mark, name in _MARKS if name == encoding and sample.startswith(mark)), 0)


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        # not final: the sample may end within a character
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _guess_utf16(sample: bytes) -> str:
    """Digits and separators have one zero byte each in UTF-16: the side on which they are tells the order."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    likely = "utf-16-le" if odd > even else "utf-16-be"
    is_one_sided = max(even, odd) >= 0.1 * len(sample) / 2 and min(even, odd) <= 0.01 * max(even, odd)
    if not is_one_sided or not _decodes(sample, likely):
        return ""
    text = sample[: len(sample) // 2 * 2].decode(likely, "ignore")
    return "" if _has_controls(text) else likely


def _has_controls(text: str) -> bool:
    controls = sum(letter < " " and letter not in "\t\r\n\f" for letter in text[:4096])
    return controls > 0.01 * min(len(text), 4096)


def _is_control_ridden(sample: bytes) -> bool:
    """Whether bytes below 32 are too many for any text."""
    return _has_controls(sample[:4096].decode("latin-1"))


def _is_common_chinese(sample: bytes) -> bool:
    """Whether most pairs of high bytes are among the 3,755 common characters or the punctuation of GB 2312.

    Accented Latin letters also decode as GBK, but into rare characters.
    """
    common = rare = index = 0
    while index < len(sample) - 1:
        lead, trail = sample[index], sample[index + 1]
        if lead < 0x80:
            index += 1
            continue
        is_common = (0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3) and trail >= 0xA1
        common, rare = common + is_common, rare + (not is_common)
        index += 2
        if common + rare >= 5000:
            break
    return common > 2 * rare
