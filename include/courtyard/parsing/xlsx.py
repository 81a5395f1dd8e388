"""Workbooks (.xlsx): one streaming reader of its own.

It keeps what decides a row's fate and what ready-made readers lose or hide: the type of every cell,
merged ranges, hidden rows, formulas without a stored result. It never believes `<dimension>`, allocates
only for cells that hold a value, and compares its rows with an independent count of `<row` in the bytes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from courtyard.parsing import shared_strings, xlsx_bulk, xml
from courtyard.parsing.limits import Caps, Package, Unreadable
from courtyard.parsing.sheets import Sheet
from courtyard.parsing.xlsx_cells import SheetHandler, Style, styles

_ROW_TAG = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,20}:)?row[\s/>]")
_MACRO_TYPES = ("macroEnabled", "ms-excel.sheet.binary")


def read(data: bytes, caps: Caps) -> list[Sheet]:
    """The sheets of a workbook in their order. Raises Unreadable for what must not or cannot be read."""
    package = Package(data, caps)
    _check_content_types(package)
    root = _related(package, "", "officeDocument")
    if len(root) != 1:
        raise Unreadable("file.damaged", "找不到工作簿")
    book = next(iter(root.values()))
    listed, epoch_1904 = _workbook(package, book)
    parts = _related(package, book, "worksheet")
    other = _related(package, book, "chartsheet") | _related(package, book, "dialogsheet")
    if lost := [name for name in package.names if _is_sheet(name) and name not in parts.values()]:
        raise Unreadable("file.damaged", f"{len(lost)}个工作表没有登记")
    shared = _shared_strings(package, book)
    look = _styles(package, book)
    sheets = []
    for title, relation, is_hidden in listed:
        if relation not in parts and relation not in other:
            raise Unreadable("file.damaged", "工作表没有内容")
        if relation in parts:
            sheets.append(_sheet(package, parts[relation], title, (shared, look, epoch_1904), caps))
            sheets[-1].is_hidden = is_hidden
    if not sheets:
        raise Unreadable("file.damaged", "没有工作表")
    return sheets


def _is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def _check_content_types(package: Package) -> None:
    found: list[str] = []
    xml.feed(
        package.chunks("[Content_Types].xml"),
        lambda _, attributes: found.append(attributes.get("ContentType", "")),
        xml.ignore_end,
        xml.ignore_text,
    )
    if any(mark in content for content in found for mark in _MACRO_TYPES):
        raise Unreadable("file.unsafe", "宏")


def _related(package: Package, owner: str, kind: str) -> dict[str, str]:
    """Relation id -> part name, of one kind of relation of a part. External targets are refused."""
    folder, name = posixpath.split(owner)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, str] = {}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag != "Relationship" or not attributes.get("Type", "").endswith(f"/{kind}"):
            return
        if attributes.get("TargetMode") == "External":
            raise Unreadable("file.unsafe", "外部链接")
        target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
        found[attributes.get("Id", "")] = target.lstrip("/")

    xml.feed(package.chunks(part), start, xml.ignore_end, xml.ignore_text)
    return found


def _workbook(package: Package, part: str) -> tuple[list[tuple[str, str, bool]], bool]:
    """(title, relation id, hidden) of each sheet, and whether days count from 1904."""
    listed: list[tuple[str, str, bool]] = []
    epoch: list[bool] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sheet":
            relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
            listed.append((attributes.get("name", ""), relation, attributes.get("state", "visible") != "visible"))
        elif tag == "workbookPr":
            epoch.append(attributes.get("date1904", "0") in ("1", "true"))

    xml.feed(package.chunks(part), start, xml.ignore_end, xml.ignore_text)
    if len(listed) > 100:
        raise Unreadable("file.too_large", "工作表超过100个")
    return listed, any(epoch)


def _shared_strings(package: Package, book: str) -> list[str | None]:
    for part in _related(package, book, "sharedStrings").values():
        return shared_strings.read(package.chunks(part))
    return []


def _styles(package: Package, book: str) -> list[Style]:
    for part in _related(package, book, "styles").values():
        return styles(package.chunks(part))
    return []


def _sheet(
    package: Package, part: str, title: str, book: tuple[list[str | None], list[Style], bool], caps: Caps
) -> Sheet:
    handler = SheetHandler(Sheet(title), *book, caps)
    tags = [0]
    xml.feed(xlsx_bulk.sift(_counting(package.chunks(part), tags), handler), handler.start, handler.end, handler.text)
    if tags[0] != handler.row_elements:
        raise Unreadable("file.row_count")
    return handler.sheet


def _counting(chunks: Iterator[bytes], tags: list[int]) -> Iterator[bytes]:
    """Pass the bytes on and count their `<row` tags, knowing nothing of XML (FAULTS 24)."""
    carried = b""
    for chunk in chunks:
        carried += chunk
        cut = carried.rfind(b"<")
        tags[0] += len(_ROW_TAG.findall(carried, 0, cut)) if cut > 0 else 0
        carried = carried[cut:] if cut >= 0 else carried
        yield chunk
    tags[0] += len(_ROW_TAG.findall(carried))
