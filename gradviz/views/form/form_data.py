"""What the form reads off the plain data of an experiment: its structure, a value at a path, one more of a list."""

from __future__ import annotations

from typing import Any

from gradviz.core.declaration import FieldSpec, kind_of
from gradviz.core.document.experiment import to_data


def one_more(items: list[Any], spec: FieldSpec) -> dict[str, Any]:
    """A new item for a list: like the last one if it has a name, else the catalogue's first useful one."""
    if not items:
        return to_data(spec.variants[0]())
    last = dict(items[-1])
    if "name" in last:
        taken = {item["name"] for item in items}
        names = (*"xyzuvwabcdghkmnpqrs", *(f"x{number}" for number in range(1, len(items) + 1)))
        last["name"] = next(name for name in names if name not in taken)
    elif spec.editor == "distinct":
        used = {item["kind"] for item in items}
        last = to_data(next((v for v in spec.variants if kind_of(v) not in used), spec.variants[0])())
    elif "kind" in last and len(spec.variants) > 1 and last["kind"] == "line":
        last = to_data(spec.variants[1]())
    return last


def structure_of(data: Any) -> Any:
    """What decides which widgets there are: kinds and list lengths."""
    if isinstance(data, dict):
        kept = {key: structure_of(value) for key, value in data.items() if isinstance(value, dict | list)}
        return (data.get("kind"), tuple(kept.items()))
    if isinstance(data, list):
        return tuple(structure_of(item) for item in data) if data and isinstance(data[0], dict) else ()
    return ()


def value_at_path(data: Any, path: str) -> Any:
    for part in path.split("."):
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data
