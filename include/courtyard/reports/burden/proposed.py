"""A form that somebody wants from us, before it is one of ours: a report's YAML, or a department's blank workbook."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from courtyard.district.models import Column, Contract, District, ReportSpec
from courtyard.district.reading import Unreadable as UnreadableYaml
from courtyard.district.reading import read_yaml
from courtyard.errors import PackError, UsageError
from courtyard.parsing import headers, workbook
from courtyard.parsing.cells import shown
from courtyard.parsing.headers import SEARCHED_ROWS, Header
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.problems import wording
from courtyard.parsing.sheets import Sheet
from courtyard.parsing.vocabulary import Vocabulary, fold

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et")
# What stands around a title: years, places and blanks to be filled in.
_AROUND_TITLE = re.compile(r"^[\s\d_＿（）()年第季度月份—-]+|[（(]\s*[)）]|\s+")
_LEAST_COLUMNS = 2


@dataclass(frozen=True)
class Proposed:
    """A form to be looked at. `spec` is there where it comes as a report of the pack."""

    title: str
    recipient: str
    headers: tuple[str, ...]
    spec: ReportSpec | None = None

    @property
    def fingerprint(self) -> str:
        """What makes it this form: a title, a recipient and headers; a change of any makes it another one."""
        said = json.dumps([self.title, self.recipient, [fold(h) for h in self.headers]], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


def of_spec(spec: ReportSpec) -> Proposed:
    return Proposed(spec.title, spec.recipient, tuple(f"{c.group}{c.header}" for c in spec.columns), spec)


def read(district: District, path: Path, recipient: str | None) -> Proposed:
    """The form in a file. `recipient` is the department that asks, needed for a workbook.

    Raises UsageError where the file cannot be read or shows no table, PackError for a wrong YAML.
    """
    if not path.is_file():
        raise UsageError(f"找不到文件 {path.name}。", "请给出要检查的 YAML 或空白表的路径。")
    if path.suffix in (".yaml", ".yml"):
        return of_spec(_spec(path))
    if path.suffix.lower() not in _WORKBOOKS:
        raise UsageError(f"{path.name} 既不是报表 YAML，也不是工作簿。", "请给出 .yaml 或 .xlsx 文件。")
    if not recipient:
        raise UsageError("没有说明是哪个部门要的。", "请加上 --source 部门名称。")
    try:
        sheets = [sheet for sheet in workbook.sheets(path.read_bytes(), Caps()) if sheet.rows and not sheet.is_hidden]
    except Unreadable as error:
        said = wording(error.code, detail=error.detail)
        raise UsageError(f"{path.name} 打不开：{said.message}。", f"{said.suggestion}。") from None
    known = _known(district)
    found = [(sheet, header) for sheet in sheets if (header := _header(sheet, known))]
    if not found:
        raise UsageError(f"{path.name} 里没有找到表头。", "请确认它是一张空白表，表头在前 30 行内。")
    sheet, header = max(found, key=lambda pair: len(pair[1].columns))
    return Proposed(_title(sheet, header, path), recipient, tuple(header.texts[c] for c in sorted(header.texts)))


def _spec(path: Path) -> ReportSpec:
    problems: list[str] = []
    try:
        spec = read_yaml(path, path.name).parse(ReportSpec, problems)
    except UnreadableYaml as error:
        raise PackError(str(error)) from None
    if spec is None:
        raise PackError("\n".join(problems))
    return spec


def _known(district: District) -> Vocabulary:
    """Every header that any contract or form knows, so that the product's own reader finds the header row."""
    spelled = [c for contract in district.contracts.values() for c in contract.columns]
    texts = [text for column in spelled for text in (column.header, *column.synonyms)]
    texts += [column.header for spec in district.reports.values() for column in spec.columns]
    distinct = dict.fromkeys(map(fold, texts))
    columns = tuple(Column(name=f"c{n}", header=text, type="text") for n, text in enumerate(distinct))
    return Vocabulary.of(
        Contract(
            dataset="any", title="", version=1, format="workbook", grain="entity", subject="none", key=((),),
            columns=columns,
        )
    )  # fmt: skip


def _header(sheet: Sheet, known: Vocabulary) -> Header | None:
    """The header row by what we know, else the fullest row: a form may ask for nothing that we have ever heard of."""
    if found := headers.find(sheet, known):
        return found
    rows = [row for row in sheet.rows[:SEARCHED_ROWS] if len(row.cells) >= _LEAST_COLUMNS]
    if not rows:
        return None
    fullest = max(rows, key=lambda row: len(row.cells))
    texts = {column: shown(cell) for column, cell in fullest.cells.items()}
    return Header(known.contract, (fullest.number,), {}, tuple(texts), (), texts)


def _title(sheet: Sheet, header: Header, path: Path) -> str:
    """The longest of the lone texts above the header that is no label, else the file's name."""
    above = [row for row in sheet.rows if row.number < header.rows[0] and len(row.cells) == 1]
    texts = [_AROUND_TITLE.sub("", shown(cell)) for row in above for cell in row.cells.values()]
    return max((text for text in texts if not re.search(r"[:：]", text)), key=len, default="") or path.stem
