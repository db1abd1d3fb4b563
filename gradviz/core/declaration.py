"""One declaration per setting: the frozen model from which form, file, limits and errors are read."""

from __future__ import annotations

import functools
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from gradviz.core.problems import GradvizError
from gradviz.core.words import Words, escaped


class Declaration(BaseModel):
    """A frozen, strict group of settings: no unknown field, no NaN, no infinity, no silent conversion."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    def notes(self) -> dict[str, str]:
        """Lines that a form shows below a group, a choice or an item of a list, by its path from here ("" is this)."""
        return {}

    @property
    def idle(self) -> frozenset[str]:
        """The names of settings that change nothing as the others stand: a form leaves them out."""
        return frozenset()

    @classmethod
    def names_in_list(cls, items: Sequence[Any]) -> tuple[str, ...]:
        """What the entries of a list of these are called, wherever one is named; they all are of one catalogue."""
        return tuple(str(getattr(item, "name", "") or getattr(item, "label", "")) for item in items)


class Alternative(Declaration):
    """One choice of a catalogue, told from the others by its ``kind``."""

    label: ClassVar[str] = ""
    about: ClassVar[str] = ""
    kind: str


@dataclass(frozen=True, slots=True)
class Mending:
    """An edit that makes good what is wrong: the plain value of a setting, and what a button for it says."""

    words: Words
    path: str
    value: Any

    def below(self, path: str) -> Mending:
        """The same edit as it is called where the group stands at `path`."""
        return replace(self, path=".".join(part for part in (path, self.path) if part))


class SettingError(GradvizError, ValueError):
    """What a user did wrong with a setting: `path` names the field as the file writes it.

    `place` is line and column, from 1, where the setting is a text; `mending` an edit that would help.
    """

    def __init__(
        self, path: str, reason: str, place: tuple[int, int] | None = None, mending: Mending | None = None
    ) -> None:
        shown = path if len(path) <= 100 else path[:99] + "…"
        super().__init__(f"{shown}: {reason}" if path else reason)
        self.path = path
        self.reason = escaped(reason)
        self.place = place
        self.mending = mending


class FieldError(ValueError):
    """For validators that look at several fields: which of them is at fault, where in its text, and what would help."""

    def __init__(
        self, field: str, reason: str, place: tuple[int, int] | None = None, mending: Mending | None = None
    ) -> None:
        super().__init__(reason)
        self.field = field
        self.place = place
        self.mending = mending


def setting(
    default: Any = ...,
    *,
    title: str,
    description: str,
    live: bool = False,
    editor: str = "",
    is_last: bool = False,
    **limits: Any,
) -> Any:
    """A field with everything that a form, a tooltip and an error need to know.

    `live` settings take effect between two steps of a run; any other starts a new run. `editor` asks the
    form for a special widget: "lines" (several lines of text), "device", "table", "names" or "hidden"; of a list,
    "distinct" asks that a new entry be of a kind that is not there yet; of a choice, "compact" asks for one row.
    `is_last` puts a field behind the others: one that many entries inherit, or that is mostly left alone.
    """
    extra: dict[str, Any] = {"live": live, "editor": editor, "is_last": is_last}
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)


def alternatives(union: Any) -> tuple[type[Any], ...]:
    """The classes of a discriminated union such as ``Annotated[SGD | Adam, Field(discriminator="kind")]``."""
    members = get_args(union)[0] if get_origin(union) is Annotated else union
    return get_args(members) or (members,)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What a form shows of one field. Limits are None where there are none."""

    name: str
    title: str
    description: str
    shape: Literal["number", "integer", "switch", "text", "choice", "group", "variant", "list", "value"]
    lower: float | None
    upper: float | None
    choices: tuple[str, ...]
    variants: tuple[type[Declaration], ...]
    live: bool
    editor: str
    fewest: int = 0
    """Entries that a list must have."""
    is_last: bool = False
    """Behind what each entry has of its own."""


def field_specs(model: type[BaseModel]) -> tuple[FieldSpec, ...]:
    """The fields of a declaration in order, without ``kind``."""
    fields = [(name, info) for name, info in model.model_fields.items() if name != "kind"]
    return tuple(_field_spec(name, info) for name, info in sorted(fields, key=lambda field: _is_last(field[1])))


def _is_last(info: FieldInfo) -> bool:
    extra = info.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("is_last", False))


def _field_spec(name: str, info: FieldInfo) -> FieldSpec:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    lower, upper = _limits(info)
    shape, choices, variants = _shape(info.annotation)
    return FieldSpec(
        name=name,
        title=info.title or name.replace("_", " ").capitalize(),
        description=info.description or "",
        shape=shape,
        lower=lower,
        upper=upper,
        choices=choices,
        variants=variants,
        live=bool(extra.get("live", False)),
        editor=str(extra.get("editor", "")),
        fewest=max((getattr(item, "min_length", 0) for item in info.metadata), default=0),
        is_last=_is_last(info),
    )


def _limits(info: FieldInfo) -> tuple[float | None, float | None]:
    lower = upper = None
    for item in info.metadata:
        lower = getattr(item, "ge", getattr(item, "gt", None)) if lower is None else lower
        upper = getattr(item, "le", getattr(item, "lt", None)) if upper is None else upper
    return lower, upper


def _shape(annotation: Any) -> tuple[Any, tuple[str, ...], tuple[type[Declaration], ...]]:
    """The kind of widget an annotation asks for, its choices, and its alternative declarations."""
    simple = {bool: "switch", int: "integer", float: "number", str: "text"}
    if annotation in simple:
        return simple[annotation], (), ()
    origin = get_origin(annotation)
    if origin is Annotated:
        return _shape(get_args(annotation)[0])
    if origin is Literal:
        return "choice", tuple(str(choice) for choice in get_args(annotation)), ()
    if origin in (Union, types.UnionType):
        members = get_args(annotation)
        if all(isinstance(member, type) and issubclass(member, Declaration) for member in members):
            return "variant", (), members
        return "value", (), ()
    if isinstance(annotation, type) and issubclass(annotation, Alternative):
        return "variant", (), (annotation,)
    if isinstance(annotation, type) and issubclass(annotation, Declaration):
        return "group", (), (annotation,)
    if origin is tuple:
        item = get_args(annotation)[0]
        shape, _, variants = _shape(item)
        return ("list", (), variants) if shape in ("variant", "group") else ("value", (), ())
    return "value", (), ()


def notes_of(declaration: Declaration, path: str = "") -> dict[str, str]:
    """The notes of a declaration and of all within it, by their paths; several at one path are lines below another."""
    found: dict[str, str] = {}
    for name in type(declaration).model_fields:
        value = getattr(declaration, name)
        is_list = isinstance(value, tuple) and bool(value) and isinstance(value[0], Declaration)  # not of numbers
        items = enumerate(value) if is_list else [(None, value)]
        for index, item in items:
            if isinstance(item, Declaration):
                _add(found, notes_of(item, name if index is None else f"{name}.{index}"))
    _add(found, declaration.notes())
    return {".".join(part for part in (path, inner) if part): note for inner, note in found.items()}


def _add(found: dict[str, str], more: dict[str, str]) -> None:
    for path, note in more.items():
        found[path] = f"{found[path]}\n{note}" if path in found else note


def names_of(items: Sequence[Declaration]) -> tuple[str, ...]:
    """What the entries of a list are called: the one source of these names."""
    return type(items[0]).names_in_list(items) if items else ()


@functools.cache
def live_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a declaration that are marked live."""
    return tuple(spec.name for spec in field_specs(model) if spec.live)


def kind_of(model: type[BaseModel]) -> str:
    """The ``kind`` by which a file names this alternative."""
    return str(model.model_fields["kind"].default)


def setting_error(error: ValidationError, data: Any = None) -> SettingError:
    """The first fault of a failed validation as one sentence with the field's path as the file writes it."""
    fault = error.errors(include_url=False)[0]
    path = _file_path(fault["loc"], data)
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, FieldError):
        inner = ".".join(part for part in (path, cause.field) if part)
        mending = None if cause.mending is None else cause.mending.below(path)
        return SettingError(inner, str(cause), cause.place, mending)
    return SettingError(path, _reason(fault))


def _file_path(loc: Sequence[int | str], data: Any) -> str:
    """Drop the union tags that pydantic adds to a location: keep what can be walked in `data`."""
    parts: list[str] = []
    value, tag_seen = data, False
    for index, part in enumerate(loc):
        # the tag comes first, and may be called like a setting: a table's kind and its numbers are both "table"
        if isinstance(value, dict) and value.get("kind") == part and not tag_seen:
            tag_seen = True
            continue
        is_key = isinstance(value, dict) and part in value
        is_index = isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)
        if is_key or is_index:
            value, tag_seen = value[part], False
            parts.append(str(part))
        elif data is None or index == len(loc) - 1:
            parts.append(str(part))
    return ".".join(parts)


def _reason(fault: Any) -> str:
    context = fault.get("ctx", {})
    shown = _shorten(fault.get("input"))
    kind = fault["type"]
    if kind == "extra_forbidden":
        return "this setting is not known here"
    if kind == "missing":
        return "this setting is missing"
    if kind == "union_tag_invalid":
        return f"{context.get('tag')!s:.40} is not known; known are {context.get('expected_tags')!s:.160}"
    if kind == "finite_number":
        return f"must be a finite number, not {shown}"
    if kind == "value_error":
        return str(context.get("error", fault["msg"]))
    message = fault["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"must be {message}, not {shown}" if fault["msg"].startswith("Input should") else message


def _shorten(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a number of over 75 digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
