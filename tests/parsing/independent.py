"""How many rows a file holds, found without a line of the product: the fuzz run's second opinion.

A DOM for workbooks, a small state machine for quoted text, `json` for records. None means that
this reading cannot make sense of the file, so the product must have refused it.
"""

from __future__ import annotations

import io
import json
import posixpath
import zipfile
from xml.dom import expatbuilder
from xml.dom.minidom import Element

_BLANK = " \t\r\n\xa0\u3000\u200b\ufeff"


def _local(element: Element) -> str:
    return element.tagName.rpartition(":")[2]


def sheet_rows(data: bytes) -> dict[str, list[int]] | None:
    """By sheet title, how many cells hold something in each row that is not empty. Prefixes of names do not count."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (book,) = (_path("", r.getAttribute("Target")) for r in _related(archive, "", "officeDocument"))
            relations = {r.getAttribute("Id"): r for r in _related(archive, book, "worksheet")}
            strings = _strings(archive, book)
            found: dict[str, list[int]] = {}
            for sheet in _all(archive, book, "sheet"):
                relation = relations.get(next(v for k, v in sheet.attributes.items() if k.rpartition(":")[2] == "id"))
                if relation is not None:
                    rows = _all(archive, _path(book, relation.getAttribute("Target")), "row")
                    counts = [sum(_is_filled(c, strings) for c in _cells(r)) for r in rows]
                    found[sheet.getAttribute("name")] = [count for count in counts if count]
            return found
    except Exception:
        return None


def _all(archive: zipfile.ZipFile, part: str, name: str) -> list[Element]:
    """The elements of a name in a part, in their order."""
    document = expatbuilder.parseString(archive.read(part), namespaces=False)
    return [e for e in document.getElementsByTagName("*") if _local(e) == name]


def _related(archive: zipfile.ZipFile, owner: str, kind: str) -> list[Element]:
    folder, name = posixpath.split(owner)
    found = _all(archive, posixpath.join(folder, "_rels", f"{name}.rels"), "Relationship")
    return [r for r in found if r.getAttribute("Type").endswith(f"/{kind}")]


def _path(owner: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(owner), target)).lstrip("/")


def _strings(archive: zipfile.ZipFile, book: str) -> list[str]:
    for relation in _related(archive, book, "sharedStrings"):
        return [_text(one) for one in _all(archive, _path(book, relation.getAttribute("Target")), "si")]
    return []


def _text(element: Element) -> str:
    if _local(element) == "rPh":
        return ""
    is_text = _local(element) in ("t", "v")
    own = "".join(n.data for n in element.childNodes if n.nodeType in (n.TEXT_NODE, n.CDATA_SECTION_NODE) and is_text)
    return own + "".join(_text(n) for n in element.childNodes if n.nodeType == n.ELEMENT_NODE)


def _cells(row: Element) -> list[Element]:
    return [n for n in row.childNodes if n.nodeType == n.ELEMENT_NODE and _local(n) == "c"]


def _is_filled(cell: Element, strings: list[str]) -> bool:
    kind, text = cell.getAttribute("t"), _text(cell)
    if kind == "s" and text:
        text = strings[int(text)]
    if kind in ("s", "str", "inlineStr"):
        return bool(text.strip(_BLANK))
    return bool(text) or any(_local(n) == "f" for n in cell.childNodes if n.nodeType == n.ELEMENT_NODE)


def text_rows(text: str, delimiter: str) -> int | None:
    """Records that hold something; None when a quote is left open. Text behind a closed quote spoils its line."""
    count, is_filled, state = 0, False, "start"
    for character in text:
        if state == "quoted" and character != '"':
            is_filled = True
        elif state != "spoilt" and character == '"':
            is_filled |= state in ("closed", "plain")
            state = {"start": "quoted", "quoted": "closed", "closed": "quoted"}.get(state, state)
        elif character in "\r\n":
            count += is_filled
            is_filled, state = False, "start"
        elif character == delimiter and state != "spoilt":
            state = "start"
        else:
            is_filled, state = True, "spoilt" if state in ("closed", "spoilt") else "plain"
    return None if state == "quoted" else count + is_filled


def page_records(data: bytes) -> int | None:
    """Records of all pages."""
    try:
        pages = [json.loads(json.loads(line)["body"]) for line in data.split(b"\n") if line.strip()]
        return sum(len(page["data"]) for page in pages)
    except Exception:
        return None


def json_lines(data: bytes) -> int:
    """Lines below the first that hold something."""
    return sum(bool(line.strip()) for line in data.split(b"\n")) - 1
