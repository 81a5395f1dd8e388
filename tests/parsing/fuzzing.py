"""Mutated files through the sandbox, judged by an independent reading. `make bench-intake` runs thousands."""

from __future__ import annotations

import io
import random
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from courtyard.parsing.reading import Job, append
from courtyard.parsing.sandbox import Closed, Opened, Rows, Sandbox, Task
from courtyard.parsing.tables import ParsedTable

from . import independent, seeds
from .made import job, package

FULL = 6  # filled cells that no note and no total has
Mutation = Callable[[random.Random, bytes], bytes]


@dataclass
class Outcome:
    """How a run went. `faults` say what should not have happened: kind, mutation and seed of the file."""

    files: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)  # files that were read, by kind


@dataclass(frozen=True)
class Kind:
    """A kind of file: how an honest one is made, what mutates it, and what counts its rows."""

    seed: Callable[[random.Random], bytes]
    job: Callable[[], Job]
    mutations: tuple[Mutation, ...]
    is_short: Callable[[bytes, bytes, list[ParsedTable]], str]


# --- mutations ----------------------------------------------------------------------------------


def some_bytes(rng: random.Random, data: bytes) -> bytes:
    raw = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(raw))
        match rng.randrange(5):
            case 0:
                raw[at] = rng.randrange(256)
            case 1:
                raw[at] ^= 1 << rng.randrange(8)
            case 2:
                del raw[at : at + rng.randint(1, 60)]
            case 3:
                raw[at:at] = rng.randbytes(rng.randint(1, 20))
            case 4:
                raw[at : at + 10] = raw[at // 2 : at // 2 + 10]
        if not raw:
            return b""
    return bytes(raw)


def cut_off(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def twice(rng: random.Random, data: bytes) -> bytes:
    """A stretch that comes again."""
    first, last = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:last] + data[first:last] + data[last:]


def _named(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def duplicate_part(rng: random.Random, data: bytes) -> bytes:
    target = io.BytesIO(data)
    name = rng.choice(list(_named(data)))
    with zipfile.ZipFile(target, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, b"<x/>")
    return target.getvalue()


def lost_part(rng: random.Random, data: bytes) -> bytes:
    named = _named(data)
    del named[rng.choice(list(named))]
    return package(named)


def swapped_parts(rng: random.Random, data: bytes) -> bytes:
    named = _named(data)
    one, other = rng.sample(list(named), 2)
    named[one], named[other] = named[other], named[one]
    return package(named)


def directory(rng: random.Random, data: bytes) -> bytes:
    """The list of parts at the file's end: sizes, offsets, names."""
    at = data.find(b"PK\x01\x02")
    return data[:at] + some_bytes(rng, data[at:])


def _in_part(change: Callable[[random.Random, str], str], pattern: str = r"xl/(?:worksheets/\w+\.xml|sharedStrings\.xml|workbook\.xml|styles\.xml|_rels/.*)") -> Mutation:  # fmt: skip
    """A change of one part's text, in a package that is whole again."""

    def mutate(rng: random.Random, data: bytes) -> bytes:
        named = _named(data)
        part = rng.choice([name for name in named if re.fullmatch(pattern, name)])
        text = named[part].decode()
        for _ in range(rng.randint(1, 3)):
            text = change(rng, text)
        return package(named | {part: text.encode("utf-8", "surrogatepass")})

    mutate.__name__ = change.__name__
    return mutate


def inner_bytes(rng: random.Random, data: bytes) -> bytes:
    named = _named(data)
    part = rng.choice([name for name in named if name.startswith("xl/")])
    return package(named | {part: some_bytes(rng, named[part])})


def _somewhere(rng: random.Random, text: str, pattern: str) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text))
    return rng.choice(found) if found else None


def a_tag(rng: random.Random, text: str) -> str:
    """Another name for one element, begin and end."""
    found = _somewhere(rng, text, r"<([\w:]+)([^<>]*)(/>|>)")
    if not found:
        return text
    name = rng.choice(["row", "c", "v", "t", "is", "x", "x:row", "sheetData", "f", "rPh", "si", "r"])
    head, tail = text[: found.start()], text[found.end() :]
    if found[3] == ">":
        tail = tail.replace(f"</{found[1]}>", f"</{name}>", 1)
    return f"{head}<{name}{found[2]}{found[3]}{tail}"


def an_attribute(rng: random.Random, text: str) -> str:
    found = _somewhere(rng, text, r' ([\w:]+)="([^"]*)"')
    if not found:
        return text
    value = rng.choice(
        ["", "0", "-1", "1", "2", "999999999", "4294967296", "XFD1048576", "AAAAAAA1", "A1:B2", "s", "n", "b", "e", "str", "inlineStr", "d", "x", "true", "hidden", "rId1", "rId2", "../x.xml", "1e9", "١"]
    )  # fmt: skip
    name = rng.choice([found[1], found[1], found[1], "r", "t", "s", "hidden"])
    return f'{text[: found.start()]} {name}="{value}"{text[found.end() :]}'


def no_attribute(rng: random.Random, text: str) -> str:
    found = _somewhere(rng, text, r' ([\w:]+)="([^"]*)"')
    return text[: found.start()] + text[found.end() :] if found else text


def no_element(rng: random.Random, text: str) -> str:
    """A cell, a row, a string that is gone."""
    found = _somewhere(rng, text, rng.choice([r"<row\b.*?</row>", r"<c\b[^>]*>.*?</c>", r"<si>.*?</si>", r"<[^<>]*>"]))
    return text[: found.start()] + text[found.end() :] if found else text


def an_element_again(rng: random.Random, text: str) -> str:
    found = _somewhere(rng, text, rng.choice([r"<row\b.*?</row>", r"<c\b[^>]*>.*?</c>", r"<si>.*?</si>"]))
    return text[: found.end()] + found[0] + text[found.end() :] if found else text


def an_index(rng: random.Random, text: str) -> str:
    found = _somewhere(rng, text, r"<v>([^<]*)</v>")
    value = rng.choice(["0", "1", "99999", "-1", "", " ", "NaN", "1e999", "1_0", "٣", "0x1", "60", "4" * 400])
    return f"{text[: found.start()]}<v>{value}</v>{text[found.end() :]}" if found else text


def something_between(rng: random.Random, text: str) -> str:
    """Markup that readers which look for patterns would misread."""
    found = _somewhere(rng, text, r"<")
    piece = rng.choice(
        ["<!-- <row r='9'></row> -->", "<![CDATA[<row></row>]]>", "<?x <row ?>", "&amp;", "&#0;", "&x;", "\x0b", "\ufffe", "<x/>", "<row/>", "</row>", "<row>", "</sheetData>", "<sheetData>", "<!DOCTYPE x>", "]]>", "\r", "<c r=\"Z1\"/>", "<f>1</f>", "<rPh><t>x</t></rPh>", "text", ">"]
    )  # fmt: skip
    return text[: found.start()] + piece + text[found.start() :] if found else text


def a_dimension(rng: random.Random, text: str) -> str:
    said = rng.choice(["A1", "A1:B2", "A1:XFD1048576", "", "x"])
    if "<dimension" in text:
        return re.sub(r"<dimension[^>]*>", f'<dimension ref="{said}"/>', text)
    return text.replace("<sheetData>", f'<dimension ref="{said}"/><sheetData>')


def a_merge(rng: random.Random, text: str) -> str:
    said = rng.choice(["A1:XFD1048576", "A5:A9", "B4:C6", "C9:A1", "x", "A0:B1", "", "A1:A1:A1"])
    return text.replace("</sheetData>", f'</sheetData><mergeCells><mergeCell ref="{said}"/></mergeCells>')


def a_prefix(_: random.Random, text: str) -> str:
    """Elements under a prefix, as some programs write them."""
    return re.sub(r"<(/?)(\w)", r"<\1p:\2", text.replace(" xmlns=", " xmlns:p="))


def an_encoding(rng: random.Random, text: str) -> str:
    name = rng.choice(["latin-1", "GB18030", "utf-16", "UTF-8", "us-ascii", "x"])
    return re.sub(r"^(?:<\?xml[^>]*\?>)?", f'<?xml version="1.0" encoding="{name}"?>', text, count=1)


def a_quote(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice([b'"', b'""', b'","', b'"\r\n', b",", b"\t"]) + data[at:]
    return data


def a_line_end(rng: random.Random, data: bytes) -> bytes:
    return rng.choice(
        [
            lambda: data.replace(b"\r\n", b"\n"),
            lambda: data.replace(b"\r\n", b"\r"),
            lambda: data.replace(b"\r\n", b"\n\n", 3),
            lambda: data.replace(b"\r\n", b"", rng.randint(1, 3)),
            lambda: data.replace(b"\r\n", b"\x0b\r\n", 2),
            lambda: data.replace(b"\r\n", "\u2028".encode() + b"\r\n", 2),
        ]
    )()


def another_encoding(rng: random.Random, data: bytes) -> bytes:
    """A stretch of lines in another encoding than the rest."""
    lines = data.split(b"\n")
    first, last = sorted(rng.randrange(len(lines)) for _ in range(2))
    for at in range(first, last + 1):
        for source, target in (("utf-8", "gb18030"), ("gb18030", "utf-8")):
            try:
                lines[at] = lines[at].decode(source).encode(target)
                break
            except UnicodeError:
                continue
    return b"\n".join(lines)


def a_nul(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice([b"\0", b"\0" * 50, b"\x1a", b"\xff", b"\xef\xbf\xbd"]) + data[at:]
    return data


def a_line_less(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def a_value(rng: random.Random, data: bytes) -> bytes:
    """Another JSON value where one stands."""
    found = list(re.finditer(rb'\\?"[^"\\]*\\?"|\d+', data))
    at = rng.choice(found)
    value = rng.choice(
        [b"NaN", b"1e999", b"null", b"[[[[", b"{}", b"\\\\u0000", b"\\ud800", b"9" * 5000, b"true", b'"']
    )
    return data[: at.start()] + value + data[at.end() :]


# --- the oracle ---------------------------------------------------------------------------------


def _workbook_short(_: bytes, data: bytes, tables: list[ParsedTable]) -> str:
    """Every row that holds something is data or part of the form; one with many cells is data, or the header."""
    rows = independent.sheet_rows(data)
    read = [t for t in tables if not t.is_rejected]
    if rows is None:
        return "read what is no workbook" if read else ""
    for table in read:
        cells = rows.get(table.sheet, [])
        count = table.landed + table.structural
        if count != len(cells):
            return f"{count} rows of {len(cells)}"
        if table.landed < sum(c >= FULL for c in cells) - 2:
            return f"{table.landed} data rows of {sum(c >= FULL for c in cells)}"
    return ""


def _text_short(seed: bytes, data: bytes, tables: list[ParsedTable]) -> str:
    (table,) = tables
    if table.is_rejected:
        return ""
    count = table.landed + table.structural
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    counts = set()
    for encoding in encodings:
        text = data.decode(encoding, "replace" if encoding != "utf-16" else "strict")
        counts |= {independent.text_rows(text, delimiter) for delimiter in ",\t;|"}
    if count in counts:
        return ""
    return f"{count} records of {sorted(c for c in counts if c is not None)}"


def _intact_lines_lost(seed: bytes, data: bytes, table: ParsedTable) -> str:
    """Lines that the mutation left alone must be rows, or marked."""
    marked = {p.row_no for p in table.problems}
    names = set(filter(None, table.columns.get("person_no", ())))
    ends = (b"\r\n", b"\n")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ""
    untouched = {line.rstrip(b"\r") for line in data.split(b"\n")}
    for line in seed.split(ends[0])[1:]:
        if line in untouched and line and b'"' not in line and b"\n" not in line:
            number = line.split(b",", 1)[0].decode("ascii", "replace")
            if number.startswith("P") and number not in names and not marked:
                return f"{number} is gone"
    return ""


def _text_faults(seed: bytes, data: bytes, tables: list[ParsedTable]) -> str:
    short = _text_short(seed, data, tables)
    return short or ("" if tables[0].is_rejected else _intact_lines_lost(seed, data, tables[0]))


def _pages_short(_: bytes, data: bytes, tables: list[ParsedTable]) -> str:
    (table,) = tables
    if table.is_rejected:
        return ""
    count = independent.page_records(data)
    return "" if count == table.landed else f"{table.landed} records of {count}"


def _lines_short(_: bytes, data: bytes, tables: list[ParsedTable]) -> str:
    (table,) = tables
    count = independent.json_lines(data)
    return "" if table.is_rejected or count == table.landed else f"{table.landed} records of {count}"


_OF_PACKAGES = (some_bytes, cut_off, twice, duplicate_part, lost_part, swapped_parts, directory, inner_bytes)
_SHEET = r"xl/worksheets/\w+\.xml"
_OF_XML = (
    *map(_in_part, (a_tag, an_attribute, no_attribute, no_element, something_between, an_encoding, a_prefix)),
    *(_in_part(change, _SHEET) for change in (a_tag, an_attribute, no_attribute, no_element, an_element_again)),
    *(_in_part(change, _SHEET) for change in (an_index, something_between, a_dimension, a_merge)),
)
_OF_TEXTS = (some_bytes, cut_off, twice, a_quote, a_line_end, another_encoding, a_nul, a_line_less)
KINDS = {
    "grid workbook": Kind(seeds.grid_workbook, seeds.grid_job, (*_OF_PACKAGES, *_OF_XML, *_OF_XML), _workbook_short),
    "activists": Kind(
        seeds.activist_workbook, lambda: job("grid_activists"), (*_OF_PACKAGES, *_OF_XML, *_OF_XML), _workbook_short
    ),
    "population": Kind(seeds.population_text, lambda: job("population"), _OF_TEXTS, _text_faults),
    "pages": Kind(seeds.order_pages, lambda: job("hotline_cases"), (*_OF_TEXTS, a_value), _pages_short),
    "rows": Kind(seeds.register_lines, lambda: job("dibao_register"), (*_OF_TEXTS, a_value), _lines_short),
}


@dataclass
class _File:
    kind: str
    label: str
    seed: bytes
    data: bytes
    tables: list[ParsedTable] = field(default_factory=list)


def files(count: int, seed: int) -> Iterator[_File]:
    """Mutated files, the same for the same seed: every kind and each of its mutations in turn."""
    kinds = list(KINDS)
    for number in range(count):
        name = kinds[number % len(kinds)]
        rng = random.Random(f"{seed}/{number}")
        kind = KINDS[name]
        mutation = kind.mutations[number // len(kinds) % len(kind.mutations)]
        honest = kind.seed(rng)
        yield _File(name, f"{name}/{mutation.__name__}/{seed}/{number}", honest, mutation(rng, honest))


def run(count: int, seed: int) -> Outcome:
    """Read `count` mutated files in sandboxes and judge each."""
    outcome = Outcome()
    open_files: dict[str, _File] = {}

    def tasks() -> Iterator[Task]:
        for one in files(count, seed):
            open_files[one.label] = one
            yield Task(one.label, KINDS[one.kind].job(), lambda one=one: one.data)

    with Sandbox() as sandbox:
        for event in sandbox.run(tasks()):
            one = open_files[event.key]
            match event:
                case Opened(tables=tables):
                    one.tables = tables
                case Rows(table=table, block=block):
                    append(one.tables[table], block)
                case Closed(code=code, detail=detail):
                    _judge(outcome, open_files.pop(event.key), code, detail)
    if open_files or outcome.files != count:
        outcome.faults.append(f"{count - outcome.files} files have no ending")
    return outcome


def _judge(outcome: Outcome, one: _File, code: str, detail: str) -> None:
    outcome.files += 1
    kind = KINDS[one.kind]
    if code:
        outcome.endings[code] += 1
        if code == "file.crashed":
            outcome.faults.append(f"{one.label}: {code} {detail}")
        return
    datasets = {contract.dataset for contract in kind.job().contracts}
    missing = datasets - {t.dataset for t in one.tables}
    refusals = [t.rejected[0] for t in one.tables if t.rejected]
    outcome.endings[refusals[0] if len(refusals) == len(one.tables) and refusals else "read"] += 1
    outcome.read[one.kind] += len(refusals) < len(one.tables)
    for table in one.tables:
        if not table.is_rejected and len(table.row_nos) != table.landed:
            outcome.faults.append(f"{one.label}: {len(table.row_nos)} rows of {table.landed} came")
    fault = f"no table for {sorted(missing)}" if missing else kind.is_short(one.seed, one.data, one.tables)
    if fault:
        outcome.faults.append(f"{one.label}: {fault}")
