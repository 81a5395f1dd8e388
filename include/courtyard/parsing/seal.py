"""Typed rows to staging rows: ID numbers and phones sealed, keys and hashes made.

Works on whole blocks, column by column; what repeats is worked out once. Plain ID numbers and phones
end here: what leaves are tokens (keyed pseudonyms) and sealed values bound to their record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring
from typing import Any

from courtyard.district.models import Contract
from courtyard.parsing import identifiers
from courtyard.parsing.tables import ParsedTable, Problem
from courtyard.parsing.text import compact
from courtyard.privacy.keys import KeyRing

COLUMNS = (
    "batch_id", "sheet", "row_no", "dataset", "record_key", "row_hash", "is_active", "attrs", "sealed", "problems",
    "name", "id_token", "phone_token", "birth_date", "sex", "address", "household_no", "id_birth_date", "id_sex",
)  # fmt: skip
SEALED_TYPES = ("id_number", "disability_no", "phone")
_PERSONAL_TYPES = ("person_name", "address", *SEALED_TYPES)
ID_LENGTH = 18
REF_DIGITS = 8
StagingRow = tuple[Any, ...]


def canonical(attrs: dict[str, Any]) -> str:
    """The one way attributes are written: sorted, compact, no escapes beyond JSON's own."""
    return json.dumps(attrs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def reference(ring: KeyRing, dataset: str, unit_code: str, record_key: str, name: str = "") -> str:
    """What stands beside a prefilled row so that it stays the record it is: `<record_key>.<check>`.

    It holds for one unit and beside one name only, so that cells sorted without it, or somebody new typed
    over a former row, do not take over a record.
    """
    return f"{record_key}.{ring.token(f'{dataset}/{unit_code}/{record_key}/{name}')[:REF_DIGITS]}"


class Sealer:
    """Makes the staging rows of one batch. Tokens are remembered across its blocks.

    `unit_code` is whose batch it is: only references issued to that unit name a record.
    """

    def __init__(self, contract: Contract, ring: KeyRing, batch_id: str, period: str, unit_code: str = "") -> None:
        self._contract = contract
        self._unit_code = unit_code
        self._ring = ring
        self._batch_id = batch_id
        self._period = period
        self._keys: set[str | None] = set()
        self._tokens: dict[str | None, str | None] = {None: None}
        self._types = {c.name: c.type for c in contract.columns if not c.volatile and c.role != "record_ref"}
        self._written: dict[str, dict[Any, str]] = {name: {None: ""} for name in self._types}
        self._roles = {c.role: c.name for c in contract.columns if c.role and not c.volatile}

    def rows(self, sheet: str, block: ParsedTable) -> Iterator[StagingRow]:
        """Staging rows in the order of `COLUMNS`. A record that came before in the batch becomes a problem of the block."""
        size = len(block.row_nos)
        nothing = [None] * size
        columns = {name: block.columns.get(name, nothing) for name in self._types}
        tokens = {n: self._column_tokens(columns[n]) for n, t in self._types.items() if t in SEALED_TYPES}
        keys = self._referenced(block, self._record_keys(columns, size))
        block.problems += self._repeated(block.row_nos, keys)
        attrs = self._attrs(columns, tokens, size)
        id_column = self._id_numbers(columns, nothing)
        births = [value and identifiers.birth_date(value) for value in id_column]
        written = columns.get(self._roles.get("birth_date", ""), nothing)
        return zip(
            [self._batch_id] * size,
            [sheet] * size,
            block.row_nos,
            [self._contract.dataset] * size,
            keys,
            [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in attrs],
            self._active(columns, size),
            attrs,
            self._sealed(columns, keys, size),
            _problems(block.row_nos, block.problems),
            columns.get(self._roles.get("name", ""), nothing),
            self._column_tokens(id_column),
            tokens.get(self._roles.get("phone", ""), nothing),
            [own or said for own, said in zip(written, births, strict=True)],
            columns.get(self._roles.get("sex", ""), nothing),
            columns.get(self._roles.get("address") or self._roles.get("courtyard_name", ""), nothing),
            columns.get(self._roles.get("household", ""), nothing),
            births,
            [birth and identifiers.sex(value) for birth, value in zip(births, id_column, strict=True)],
            strict=True,
        )

    def _id_numbers(self, columns: dict[str, list], nothing: list[None]) -> list[str | None]:
        """The ID number of each row; a disability certificate begins with its holder's."""
        name = self._roles.get("id_number", "")
        values = columns.get(name, nothing)
        is_certificate = self._types.get(name) == "disability_no"
        return [value and value[:ID_LENGTH] for value in values] if is_certificate else values

    def _column_tokens(self, values: Sequence[str | None]) -> list[str | None]:
        """The token of each value; of the first where a cell holds several phones."""
        tokens = self._tokens
        for value in {*values}.difference(tokens):
            tokens[value] = self._ring.token(value.partition("、")[0])  # type: ignore[union-attr]
        return [tokens[value] for value in values]

    def _referenced(self, block: ParsedTable, own: list[str | None]) -> list[str | None]:
        """The keys of the rows, by their references where these hold, else their own.

        A reference that was changed, issued to others or stands beside another name becomes a problem, unless
        the row's own key says the same.
        """
        refs = block.columns.get(self._contract.role("record_ref") or "")
        if refs is None:
            return own
        names = block.columns.get(self._roles.get("name", ""), own)
        found = list(own)
        for index, (ref, name) in enumerate(zip(refs, names, strict=True)):
            key = compact(ref).rpartition(".")[0] if ref else ""
            if not ref or key == own[index]:
                continue
            called = (name or "") if "name" in self._roles else ""
            if key and compact(ref) == reference(self._ring, self._contract.dataset, self._unit_code, key, called):
                found[index] = key
            else:
                block.problems.append(Problem(block.row_nos[index], None, "record.ref_invalid", None))
        return found

    def _record_keys(self, columns: dict[str, list], size: int) -> list[str | None]:
        """`period/` before facts of a period; a token where the key would show who or where somebody is."""
        prefix = f"{self._period}/" if self._contract.grain == "period" else ""
        keys: list[str | None] = [None] * size
        for alternative in self._contract.key:
            is_personal = any(self._is_personal(name) for name in alternative)
            parts = zip(*(columns[name] for name in alternative), strict=True)
            for index, values in enumerate(parts):
                if keys[index] is None and None not in values:
                    key = "/".join(map(str, values))
                    keys[index] = prefix + (self._ring.token(key) if is_personal else key)
        return keys

    def _repeated(self, row_nos: Sequence[int], keys: Sequence[str | None]) -> list[Problem]:
        found = []
        for row_no, key in zip(row_nos, keys, strict=True):
            if key is not None and key in self._keys:
                found.append(Problem(row_no, None, "record.repeated", None))
            else:
                self._keys.add(key)
        return found

    def _is_personal(self, name: str) -> bool:
        column = self._contract.column(name)
        return column.type in _PERSONAL_TYPES or column.role == "courtyard_name"

    def _attrs(self, columns: dict[str, list], tokens: dict[str, list], size: int) -> list[str]:
        """Each row's attributes as `canonical` writes them, put together from its cells' own texts."""
        pieces = [_members(name, tokens.get(name, columns[name]), self._written[name]) for name in sorted(self._types)]
        return (
            ["{" + ",".join(filter(None, row)) + "}" for row in zip(*pieces, strict=True)] if pieces else ["{}"] * size
        )

    def _active(self, columns: dict[str, list], size: int) -> list[bool]:
        active = self._contract.active
        return [value in active.values for value in columns[active.column]] if active else [True] * size

    def _sealed(self, columns: dict[str, list], keys: Sequence[str | None], size: int) -> list[str]:
        """`{column: sealed value}` bound to the record; nothing is sealed for a row that has no key."""
        pieces = []
        for name, kind in self._types.items():
            if kind in SEALED_TYPES:
                tail = f"/{name}"
                pieces.append(
                    [self._seal(name, value, key, tail) for value, key in zip(columns[name], keys, strict=True)]
                )
        return (
            ["{" + ",".join(filter(None, row)) + "}" for row in zip(*pieces, strict=True)] if pieces else ["{}"] * size
        )

    def _seal(self, name: str, value: str | None, key: str | None, tail: str) -> str:
        if value is None or key is None:
            return ""
        return f'"{name}":"{self._ring.seal(value, f"{self._contract.dataset}/{key}{tail}")}"'


def _members(name: str, values: Sequence[Any], written: dict[Any, str]) -> list[str]:
    """`"name":value` of each value as JSON, '' for none. `written` remembers those of a column."""
    label = encode_basestring(name) + ":"
    for value in {*values}.difference(written):
        text = encode_basestring(value) if isinstance(value, str) else json.dumps(value)
        written[value] = label + text
    return [written[value] for value in values]


def _problems(row_nos: Sequence[int], problems: Sequence[Problem]) -> list[str]:
    """The problems of each row as JSON; blocks have few, so rows without any share one text."""
    found: dict[int, list[dict[str, Any]]] = {}
    for problem in problems:
        entry = {"column": problem.column, "code": problem.code, "cell": problem.cell}
        found.setdefault(problem.row_no, []).append(entry)
    return [json.dumps(found[n], ensure_ascii=False) if n in found else "[]" for n in row_nos]
