"""The difference of two plain values as a list of changes, so that an edit costs the journal some hundred bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Change = list[Any]
"""``[path, value]``: what stands at a path of keys and indices from now on."""


def changes_between(old: Any, new: Any) -> list[Change]:
    """What has to be set in `old` to make it `new`; nothing where they are equal."""
    return list(_changes(old, new, []))


def with_changes(data: Any, changes: list[Change]) -> Any:
    """A copy of `data` with the changes; what they do not touch is shared. LookupError or TypeError if none fits."""
    for path, value in changes:
        data = _put(data, path, value)
    return data


def _changes(old: Any, new: Any, path: list[Any]) -> Iterator[Change]:
    """JSON tells 1 from 1.0 and from true, which Python's equality does not."""
    if isinstance(old, dict) and isinstance(new, dict) and list(old) == list(new):
        for key, value in new.items():
            yield from _changes(old[key], value, [*path, key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, value in enumerate(new):
            yield from _changes(old[index], value, [*path, index])
    elif type(old) is not type(new) or old != new:
        yield [path, new]


def _put(data: Any, path: list[Any], value: Any) -> Any:
    if not path:
        return value
    copied = data.copy()
    copied[path[0]] = _put(data[path[0]], path[1:], value)
    return copied
