"""`courtyard marts`: every view and function of schema mart as a page, made from the comments in the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine

from courtyard.errors import UsageError
from courtyard.store import catalogue
from courtyard.store.catalogue import Mart

PAGE = Path(__file__).resolve().parents[3] / "docs/marts.md"
_INTRO = """<!-- Made by `courtyard marts --write` from the COMMENTs in include/courtyard/store/marts. Change them, not this page. -->

# Views and functions of schema mart

What reports, boards and people may build on: names, columns and meanings are stable, and columns are only ever added, at the end.
Days: `valid_from` is the first day on which something holds, `valid_to` the first on which it no longer does, `infinity` while it does.
Times: `recorded_at` is when it was learned, that is, when the delivery that says so was received. Functions that end in `_as_of` take
a period (`2026Q1`, `2026-07`, `2026H1`, `2026`, `2026-W30`) and the moment at which it was known, those that end in `_known` the moment
alone; [as-of.md](as-of.md) shows them at work.

Roles: `pipeline` runs the stages, `publisher` makes reports, `reader` is for boards and people: it sees nothing that names a person or
stands for one, and nothing counted below a community. `person_id`, `household_id` and `record_key` are references without meaning."""
_SPECIAL = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;"})


def read(engine: Engine) -> list[Mart]:
    """What the warehouse says of its marts."""
    with engine.connect() as connection:
        return catalogue.marts(connection)


def page(marts: list[Mart]) -> str:
    """The whole page: a list of all, then one section each."""
    listed = _table(
        ("", "Personal data", "May read"),
        ((f"[{_called(m)}](#{m.name})", _personal(m), ", ".join(m.readers)) for m in marts),
    )
    return "\n\n".join([_INTRO, listed, *map(section, marts)]) + "\n"


def section(mart: Mart) -> str:
    """One view or function."""
    kind = "View" if mart.arguments is None else "Function"
    call = f"`mart.{mart.name}`" if mart.arguments is None else f"`mart.{mart.name}({mart.arguments})`"
    rows = (
        (
            f"`{c.name}`",
            f"`{c.type}`",
            "; ".join(filter(None, (c.name in mart.personal and "personal data", c.meaning))),
        )
        for c in mart.columns
    )
    about = f"{kind} {call}. May read: {', '.join(mart.readers)}."
    if mart.is_scalar:
        return "\n\n".join([f"## {mart.name}", mart.meaning, f"{about} Returns `{mart.columns[0].type}`."])
    return "\n\n".join([f"## {mart.name}", mart.meaning, about, _table(("Column", "Type", "Meaning"), rows)])


def shown(marts: list[Mart], name: str | None) -> str:
    """The page, or the sections of one name. Raises UsageError for an unknown one."""
    if name is None:
        return page(marts)
    chosen = [mart for mart in marts if mart.name == name.removeprefix("mart.")]
    if not chosen:
        raise UsageError(f"Schema mart has no '{name}'.", f"Choose of {', '.join(sorted({m.name for m in marts}))}.")
    return "\n\n".join(map(section, chosen))


def _called(mart: Mart) -> str:
    return mart.name if mart.arguments is None else f"{mart.name}()"


def _personal(mart: Mart) -> str:
    if not mart.is_declared:
        return "not declared"
    references = "references" if "References to persons only." in mart.meaning else "none"
    return ", ".join(f"`{name}`" for name in mart.personal) or references


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(heads)]
    lines += [("---",) * len(lines[0]), *(tuple(str(cell).translate(_SPECIAL) for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
