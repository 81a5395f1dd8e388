"""A form as a table of counts: what each cell counts, and how the form reads once some cells print `*`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from openpyxl.utils import get_column_letter

from courtyard.context import Context
from courtyard.district.models import District, ReportColumn, ReportSpec
from courtyard.district.report_views import Counted, Sum, View
from courtyard.identity.addresses import Gazetteer
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import masking
from courtyard.privacy.disclosure.tables import TOTAL, Column, Place, Row, Table, Whole
from courtyard.reports import content
from courtyard.reports.content import DASH, Content, Value

STAR = "*"
NOWHERE = "-"  # the area of what belongs to no unit
_CENTS = {"元": 100, "万元": 1_000_000}
_UNPLACED, _UNSAID = "未对应社区", "未填"


def courtyard_namer(district: District, on: date) -> Callable[[Value], Value]:
    """Turns an address into its courtyard's name; one that cannot be read is withheld."""
    gazetteer = Gazetteer(district)

    def named(value: Value) -> Value:
        if value is None or value == DASH:
            return value
        code = gazetteer.resolve(str(value), on).courtyard_code
        return district.courtyard_by_code[code].name if code else masking.WITHHELD

    return named


def table(spec: ReportSpec, view: View, period: Period, made: Content) -> Table:
    """The numbers of an aggregate form as the suppression reads them."""
    counted = [
        (i, c, view.columns[c.name])
        for i, c in enumerate(spec.columns)
        if c.name in view.columns and view.columns[c.name].role in ("count", "amount")
    ]
    return Table(
        spec.report,
        period.start,
        period.end,
        tuple(_column(column, said, spec, period) for _, column, said in counted),
        tuple(
            Row(area, tuple(_whole_number(row[i], said) for i, _, said in counted))
            for area, row in zip(_areas(made), made.rows, strict=True)
        ),
        tuple(Whole(s.wholes, s.parts, s.rest) for s in view.sums),
    )


def _column(column: ReportColumn, said: Counted, spec: ReportSpec, period: Period) -> Column:
    as_of = spec.as_of(period)
    days = {
        "day": (as_of, as_of),
        "period": (period.start, period.end),
        "year": (period.start.replace(month=1, day=1), period.end),
    }[said.over]
    is_flow = said.over != "day" and not said.distinct_of
    kind = "amount" if said.role == "amount" else "count"
    return Column(column.name, said.measure, *days, kind, is_flow, said.of, said.distinct_of)


def _whole_number(value: Value, said: Counted) -> int | None:
    if value is None or value == DASH:
        return None
    return int(Decimal(value) * (_CENTS[said.unit] if said.role == "amount" else 1))


def _areas(made: Content) -> list[str]:
    return [TOTAL if source["is_total"] else source["row_key"] or NOWHERE for source in made.sources]


def starred(spec: ReportSpec, view: View, made: Content, hidden: frozenset[Place]) -> tuple[tuple[Value, ...], ...]:
    """The form's rows with `*` in hidden cells and in the ratios made of them."""

    def printed(area: str, column: ReportColumn, value: Value) -> Value:
        said = view.columns.get(column.name)
        if said is None or said.role == "open":
            return value
        if said.role == "drop":
            return masking.WITHHELD
        about = said.of if said.role == "ratio" else (column.name,)
        return STAR if any((area, name) in hidden for name in about) else value

    return tuple(
        tuple(printed(area, column, value) for column, value in zip(spec.columns, row, strict=True))
        for area, row in zip(_areas(made), made.rows, strict=True)
    )


@dataclass(frozen=True)
class _Class:
    """A column of counts: the rows of a roster whose printed column says `label`; all of them without a column."""

    name: str
    measure: str
    label: str
    group: str = ""
    index: int | None = None


def of_roster(
    ctx: Context, spec: ReportSpec, view: View, period: Period, made: Content
) -> tuple[ReportSpec, View, Content]:
    """A roster's rows counted by area and class: a form of its own, its view and its content."""
    classes = [_Class("total", view.measure, "合计"), *_classes(ctx, spec, view, made)]
    made_spec = _layout(spec, view, classes)
    columns = {c.name: Counted(role="count", measure=c.measure) for c in classes}
    groups = {c.group: [k.name for k in classes if k.group == c.group] for c in classes if c.group}
    sums = tuple(Sum(whole="total", parts=tuple(names), rest="none") for names in groups.values())
    counted_view = view.model_copy(update={"area": "area", "columns": columns, "sums": sums, "dimensions": ()})
    areas = _listed(ctx, spec.as_of(period), made.areas)
    rows = [(area, name, _counted(made, classes, {area})) for area, name in areas]
    rows.append((TOTAL, "合计", _counted(made, classes, set(made.areas))))
    filled_on = made.as_known_at.astimezone(SHANGHAI).date()
    counted = replace(
        made,
        metadata=content.metadata_of(ctx, made_spec, period, filled_on),
        rows=tuple((name, *counts) for _, name, counts in rows),
        groups=tuple(None for _ in rows),
        sources=tuple({"row_key": None if key == TOTAL else key, "is_total": key == TOTAL} for key, *_ in rows),
    )
    return made_spec, counted_view, counted


def _classes(ctx: Context, spec: ReportSpec, view: View, made: Content) -> Iterable[_Class]:
    names = [c.name for c in spec.columns]
    for dimension in view.dimensions:
        index = names.index(dimension.column)
        column = spec.columns[index]
        labels = {code: given[0] for code, given in ctx.district.codes[column.codes or ""].values.items()}
        for code, label in labels.items():
            name = f"{column.name}_{code}"
            yield _Class(name, dimension.measures.get(code, f"{view.measure}_{name}"), label, column.header, index)
        if any(row[index] not in labels.values() for row in made.rows):
            name = f"{column.name}_unsaid"
            yield _Class(name, f"{view.measure}_{name}", _UNSAID, column.header, index)


def _layout(spec: ReportSpec, view: View, classes: list[_Class]) -> ReportSpec:
    """A plain form: 社区, 合计, then the classes below the headers of the roster's columns."""
    middle = get_column_letter(len(classes) // 2 + 2)
    columns = [ReportColumn(name="area", header="社区", width=16)]
    columns += [
        ReportColumn(name=c.name, header=c.label, group=c.group, kind="integer", width=max(9, 2 * len(c.label) + 2))
        for c in classes
    ]
    changes = {
        "kind": "aggregate",
        "form": None,
        "first_row": 6,
        "total_row": True,
        "merge_by": None,
        "merge_columns": (),
        "views": (),
        "columns": tuple(columns),
        "metadata": {
            "A1": "{street}{period}" + spec.title,
            "A2": "填报单位：{unit}",
            f"{middle}2": "填报人：{preparer}",
            "A3": "统计截止日：{as_of}",
            f"{middle}3": "填表日期：{filled_on}",
        },
    }
    return spec.model_copy(update=changes)


def _listed(ctx: Context, on: date, areas: Iterable[str | None]) -> list[tuple[str | None, str]]:
    """Every community of the day, zero or not, then what belongs to none."""
    there = [
        (unit.code, unit.name)
        for unit in ctx.district.units
        if unit.kind == "community" and unit.valid_from <= on and (unit.valid_to is None or on < unit.valid_to)
    ]
    known = {code for code, _ in there}
    return [*there, *([(None, _UNPLACED)] if any(area not in known for area in areas) else [])]


def _counted(made: Content, classes: list[_Class], areas: set[str | None]) -> list[int]:
    rows = [row for row, area in zip(made.rows, made.areas, strict=True) if area in areas]
    return [len(rows) if c.index is None else sum(_is_of(row[c.index], c, classes) for row in rows) for c in classes]


def _is_of(value: Value, one: _Class, classes: list[_Class]) -> bool:
    if one.label != _UNSAID:
        return value == one.label
    return value not in {c.label for c in classes if c.index == one.index}
