"""How the catalogue writes things: moments, frequencies, names of downloads, and the words that a search finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from openpyxl.utils import get_column_letter

from courtyard.period import SHANGHAI
from courtyard.reports.catalogue.entries import Entry, Revision

FREQUENCIES = {"week": "每周", "month": "每月", "quarter": "每季度", "half": "每半年", "year": "每年"}
VERDICTS = {"admitted": "准入", "knowingly": "知情准入", "refused": "退回"}
_KINDS = {".xlsx": "Excel 表格", ".docx": "Word 文档", ".pdf": "PDF"}
_OWN = re.compile(r"^_[^_]+_r\d+_?")  # period and revision behind the title of a form's file
_CHANNELS = {"folder": "共享文件夹", "sftp": "SFTP", "mail": "邮件"}


def environment() -> Environment:
    """The templates of the site, with the filters that they use."""
    found = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "moment": moment,
        "day": day,
        "frequency": FREQUENCIES.__getitem__,
        "verdict": VERDICTS.__getitem__,
        "channel": lambda channel: _CHANNELS.get(channel, channel),
        "letters": get_column_letter,
        "download": download,
        "changed": changed,
        "words": words,
    }
    found.filters.update(filters)
    return found


def source(name: str) -> str:
    """The text of a file of the site."""
    return files("courtyard.reports.catalogue").joinpath("site", name).read_text("utf-8")


def moment(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else "—"


def day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def download(file: str, title: str) -> str:
    """What a link to a file says: what kind it is, or for what stands beside the form (对照表) what it is."""
    name = PurePath(file)
    kind = _KINDS.get(name.suffix, name.suffix.lstrip(".").upper())
    beside = _OWN.sub("", name.stem.removeprefix(title))
    return beside or kind


def changed(revision: Revision) -> str:
    """How much a revision changed, in one word."""
    cells = sum(change.cells for change in revision.changes)
    return f"{cells:,}处变动" if cells else "有变动"


def words(entry: Entry) -> str:
    """What a search in the first page looks through, in lower case."""
    columns: tuple[Any, ...] = entry.spec.columns if entry.spec else ()
    said = (
        entry.title, entry.report, entry.recipient, entry.period.title, str(entry.period), entry.status.value,
        entry.reason, *dict.fromkeys(column.header for column in columns),
    )  # fmt: skip
    return " ".join(filter(None, said)).lower()
