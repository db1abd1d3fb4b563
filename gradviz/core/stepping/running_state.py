"""The state of a script as events go by, in the recorder's short form: what keyframes are made of."""

from __future__ import annotations

import json
from typing import Any

Told = list[Any]
"""An event in the recorder's short form: [lines run, line, frame, segment, changed, the rest by letters]."""


class RunningState:
    """Variables by frame and name, and the nodes of the graph; each event moves it on. One thread."""

    def __init__(self) -> None:
        self.scopes: dict[int, dict[str, Any]] = {}
        self.nodes: dict[int, Told] = {}
        self.spent: set[int] = set()

    def apply(self, event: Told) -> None:
        """What the event changed."""
        for scope, name, value in event[4]:
            found = self.scopes.get(scope)
            if found is None:
                found = self.scopes[scope] = {}
            found[name] = value
        if len(event) > 5:
            self._apply_more(event[5])

    def _apply_more(self, more: dict[str, Any]) -> None:
        for scope, name in more.get("r", ()):
            self.scopes.get(scope, {}).pop(name, None)
        for row in more.get("a", ()):
            self.nodes[row[0]] = row
            self.spent.discard(row[0])
        self.spent.update(more.get("s", ()))
        for number in more.get("g", ()):
            self.nodes.pop(number, None)
            self.spent.discard(number)
        for scope in more.get("l", ()):
            self.scopes.pop(scope, None)

    def frozen(self) -> str:
        """The whole as JSON."""
        scopes = [[scope, list(names.items())] for scope, names in self.scopes.items()]
        return json.dumps([scopes, list(self.nodes.values()), sorted(self.spent)], separators=(",", ":"))

    @staticmethod
    def thawed(text: str) -> RunningState:
        """A state from its JSON."""
        made = RunningState()
        scopes, nodes, spent = json.loads(text)
        made.scopes = {scope: dict(names) for scope, names in scopes}
        made.nodes = {row[0]: row for row in nodes}
        made.spent = set(spent)
        return made


def merged(first: Told, second: Told) -> Told:
    """Two events as one, at the line of the second: what the first told and the second did not change again."""
    was, now = (event[5] if len(event) > 5 else {} for event in (first, second))
    names = {(scope, name) for scope, name, _ in second[4]} | {(one[0], one[1]) for one in now.get("r", ())}
    left = set(now.get("l", ()))
    changed = [one for one in first[4] if (one[0], one[1]) not in names and one[0] not in left] + second[4]
    changes = {(scope, name) for scope, name, _ in second[4]}
    more = {
        "r": [one for one in was.get("r", ()) if (one[0], one[1]) not in changes] + now.get("r", []),
        **_merged_graph(was, now),
        "o": was.get("o", "") + now.get("o", ""),
        "l": was.get("l", []) + now.get("l", []),
        "p": was.get("p", []) + now.get("p", []),
        "f": now.get("f", []),
    }
    told = {key: value for key, value in more.items() if value}
    return [*second[:4], changed, told] if told else [*second[:4], changed]


def _merged_graph(was: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Nodes that came with the first event and went with the second are in neither."""
    gone = set(now.get("g", ()))
    passing = gone & {row[0] for row in was.get("a", ())}
    again = {row[0] for row in now.get("a", ())}
    return {
        "a": [row for row in was.get("a", ()) if row[0] not in passing] + now.get("a", []),
        "s": [one for one in was.get("s", ()) if one not in gone] + now.get("s", []),
        "g": [one for one in was.get("g", ()) if one not in again] + [one for one in gone if one not in passing],
    }
