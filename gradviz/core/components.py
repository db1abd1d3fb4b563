"""What gradviz is made of: components, each with a version and a licence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Component:
    """A library, program or collection of files that gradviz uses or brings along.

    `licence` is an SPDX expression or a short name; `files` name the texts of the licence, to be read on demand.
    """

    name: str
    version: str
    licence: str
    homepage: str
    files: tuple[str, ...]
