"""A recording in lines of text: what ``gradviz step`` prints for a person."""

from __future__ import annotations

from gradviz.core.numbers import plural, short_number
from gradviz.core.stepping.catalogue import shape_text
from gradviz.core.stepping.events import Event
from gradviz.core.stepping.recording import Recording
from gradviz.core.stepping.variable_state import Numbers, Summary, VariableState
from gradviz.core.words import one_line

SHOWN = 200
"""Lines of the run that are printed; of a longer one the first and the last."""
SHOWN_NUMBERS = 4
WIDEST_CODE = 44


def recording_text(recording: Recording) -> str:
    """A line for each event: the line's number, its code, and what it changed."""
    source = recording.source.splitlines()
    ends = [(0, len(recording))]
    if len(recording) > SHOWN:
        ends = [(0, SHOWN // 2), (len(recording) - SHOWN // 2, len(recording))]
    blocks = ["\n".join(_line(one, source) for one in recording.events(first, last)) for first, last in ends]
    between = f"\n… {plural(len(recording) - SHOWN, 'more line', 'more lines')} recorded …\n"
    return between.join(block for block in blocks if block)


def _line(event: Event, source: list[str]) -> str:
    code = source[event.line - 1].strip() if 0 < event.line <= len(source) else ""
    changes = [_change(name, one) for (_, name), one in event.changed.items()]
    changes += [f"{name} gone" for _, name in event.removed]
    if event.output:
        changes.append(f"prints {one_line(event.output.rstrip(), 60)!r}")
    return f"{event.line:>5}  {one_line(code, WIDEST_CODE):<{WIDEST_CODE}}  {', '.join(changes)}".rstrip()


def _change(name: str, variable: VariableState) -> str:
    if variable.kind == "plain":
        value = variable.value
        return f"{name} = {short_number(value) if isinstance(value, float) else one_line(repr(value), 40)}"
    if variable.kind == "object":
        return f"{name}: {variable.type} {one_line(variable.text, 40)}".rstrip()
    text = f"{name} = {numbers_text(variable.numbers, variable.shape)}"
    if variable.grad_fn:
        text += f" <{variable.grad_fn}>"
    return f"{text}, {name}.grad = {numbers_text(variable.grad, variable.shape)}" if variable.has_grad else text


def numbers_text(numbers: Numbers, shape: tuple[int, ...]) -> str:
    """Few numbers in full, else shape and range."""
    if numbers is None:
        return f"of shape {shape_text(shape)}"
    if isinstance(numbers, Summary):
        ends = "" if numbers.low is None or numbers.high is None else (
            f", {short_number(numbers.low, 4)} … {short_number(numbers.high, 4)}"
        )  # fmt: skip
        return f"of shape {shape_text(shape)}{ends}"
    if len(numbers) > SHOWN_NUMBERS:
        return f"[{', '.join(_short(one) for one in numbers[:3])}, …] of shape {shape_text(shape)}"
    shown = ", ".join(_short(one) for one in numbers)
    return shown if not shape else f"[{shown}]"


def _short(number: complex) -> str:
    return str(number) if isinstance(number, complex | bool) else short_number(float(number))
