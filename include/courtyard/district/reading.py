"""Files of a district pack as plain data that remembers on which line each key stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

Loc = tuple[Any, ...]
Model = TypeVar("Model")

# PyYAML is built without libyaml on some machines; the slower loader reads the same.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """A file that cannot be understood at all; carries the sentence that says where and why."""


@dataclass(frozen=True)
class Document:
    """One file: its name for messages, its data, and the line of every place in it."""

    name: str
    data: Any
    lines: dict[Loc, int] = field(repr=False)
    table: bool = False

    def problem(self, loc: Loc, message: str, remedy: str) -> str:
        """`file:line: key: message. remedy`; a place that is absent is shown at its parent's line."""
        line = next((self.lines[loc[:n]] for n in range(len(loc), -1, -1) if loc[:n] in self.lines), 1)
        return f"{self.name}:{line}: {self._key(loc)}: {message}. {remedy}"

    def _key(self, loc: Loc) -> str:
        if self.table:
            return str(loc[1]) if len(loc) > 1 else "row"
        return _dotted(loc)

    def _place(self, details: Any) -> Loc:
        """Where an error belongs; a model's own message that begins with a key's name belongs to that key."""
        loc = tuple(part for part in details["loc"] if part != "[key]")
        if details["type"] == "value_error":
            below = (*loc, str(details["ctx"]["error"]).split(maxsplit=1)[0])
            return below if below in self.lines else loc
        return loc

    def parse(self, model: type[Model], problems: list[str]) -> Model | None:
        """The data as a model of the pack, or None after noting every pydantic error as a problem."""
        try:
            return TypeAdapter(model).validate_python(self.data)
        except ValidationError as error:
            for details in error.errors(include_url=False, include_input=False):
                loc = self._place(details)
                if self.table and len(loc) > 1 and self.data[loc[0]].get(loc[1], "") is None:
                    problems.append(self.problem(loc, "this cell is empty", "Fill it in."))
                else:
                    problems.append(self.problem(loc, *_explain(details)))
            return None


def _dotted(loc: Loc) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.lstrip(".") or "file"


def _explain(details: Any) -> tuple[str, str]:
    """Message and remedy of one pydantic error, without the value that caused it."""
    match details["type"]:
        case "extra_forbidden":
            return "unknown key", "Correct its spelling or remove it."
        case "missing":
            return "this key is missing", "Add it."
        case "literal_error":
            return f"must be {details['ctx']['expected']}", "Write one of these."
        case "string_type":
            return "must be text", "Put the value in quotes."
        case "value_error":
            return str(details["ctx"]["error"]), "Correct it."
        case _:
            return details["msg"][0].lower() + details["msg"][1:], "Correct the value."


def text_of(path: Path, name: str) -> str:
    """A file of the pack as text; raises Unreadable when it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise Unreadable(f"{name}:1: file: the file is missing. Copy it from another district pack.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{name}:{line}: file: this is not UTF-8 text. Save the file as UTF-8.") from None


def read_yaml(path: Path, name: str) -> Document:
    """A YAML file; raises Unreadable when it is missing, not YAML, or names a key twice."""
    try:
        loader = _Loader(text_of(path, name))
        node = loader.get_single_node()
        lines = dict(_walk(loader, node, (), name)) if node else {}
        return Document(name, loader.construct_document(node) if node else None, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"{name}:{line}: file: not valid YAML ({error.problem or error.context})"
        raise Unreadable(f"{problem}. Check indentation, quotes and brackets there.") from None
    except (yaml.YAMLError, RecursionError) as error:
        detail = str(error).splitlines()[0]
        raise Unreadable(f"{name}:1: file: not valid YAML ({detail}). Correct the file.") from None


def _walk(loader: Any, node: yaml.Node, loc: Loc, name: str) -> Iterator[tuple[Loc, int]]:
    """Every place of a YAML tree with its line; a mapping that repeats a key is refused."""
    yield loc, node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        try:
            loader.construct_object(node)
        except ValueError as error:
            where = f"{name}:{node.start_mark.line + 1}: {_dotted(loc)}"
            raise Unreadable(f"{where}: no such value ({error}). Correct it.") from None
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _walk(loader, child, (*loc, index), name)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[Any, int] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise Unreadable(f"{name}:{line}: file: a key must be a plain word. Put no list or mapping there.")
            key = loader.construct_object(key_node)
            here = (*loc, key)
            if key in seen:
                where = f"{name}:{line}: {_dotted(here)}"
                raise Unreadable(f"{where}: this key already stands on line {seen[key]}. Keep one of the two.")
            seen[key] = line
            yield from _walk(loader, child, here, name)
            yield here, line


def read_csv(path: Path, name: str, columns: tuple[str, ...]) -> Document:
    """A CSV table with exactly these columns in any order, as dicts; an empty cell is None.

    Raises Unreadable for a wrong header or a row of another length.
    """
    reader = csv.reader(io.StringIO(text_of(path, name), newline=""), strict=True)
    rows: list[dict[str, str | None]] = []
    lines: dict[Loc, int] = {}
    try:
        header = next(reader, [])
        _check_header(header, columns, name)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                counts = f"{len(cells)} cells where the header has {len(header)}"
                raise Unreadable(f"{name}:{reader.line_num}: row: {counts}. Check commas and quotes.")
            lines[(len(rows),)] = reader.line_num
            rows.append({key: cell.strip() or None for key, cell in zip(header, cells, strict=True)})
    except csv.Error as error:
        raise Unreadable(f"{name}:{reader.line_num}: row: {error}. Check the quotes.") from None
    return Document(name, rows, lines, table=True)


def _check_header(header: list[str], columns: tuple[str, ...], name: str) -> None:
    for column in header:
        if column not in columns or header.count(column) > 1:
            raise Unreadable(f"{name}:1: {column or '(empty)'}: unknown column, or one that stands twice. Remove it.")
    if missing := [column for column in columns if column not in header]:
        raise Unreadable(f"{name}:1: {missing[0]}: this column is missing. Add it to the header.")
