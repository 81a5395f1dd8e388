"""The pages of the catalogue, made from its entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from courtyard.context import Context
from courtyard.district import duties
from courtyard.district.models import ReportSpec
from courtyard.errors import HeldError
from courtyard.reports.burden import ledger, proposed
from courtyard.reports.burden.ledger import Admission, Year
from courtyard.reports.catalogue import reading, showing, writing
from courtyard.reports.catalogue.entries import Entry, Status

FOLDER = "catalogue"
_STYLE, _SCRIPT = "catalogue.css", "catalogue.js"
BULLETIN = "bulletin"


@dataclass(frozen=True)
class Source:
    """One dataset behind a report, as its page shows it."""

    dataset: str
    source: str
    department: str
    cadence: str
    rules: tuple[str, ...]
    is_lookup: bool


def build(ctx: Context) -> Path:
    """See `courtyard.reports.catalogue.build`."""
    with ctx.engine("publisher").connect() as connection:
        entries = [reading.with_arrivals(connection, ctx, entry) for entry in reading.entries(connection, ctx)]
        admitted = {admission.fingerprint: admission for admission in ledger.admissions(connection, ctx)}
        years = [ledger.read(connection, ctx, year) for year in ledger.years(connection, ctx)]
        pages = dict(_pages(ctx, entries, admitted, years))
    site = ctx.settings.published / FOLDER
    try:
        writing.bring_up_to_date(site, pages)
    except OSError as error:
        raise HeldError(f"报表目录写不进 published 文件夹（{error.strerror}）。", "请检查磁盘后再运行。") from None
    return site / writing.FIRST_PAGE


def _pages(
    ctx: Context, entries: list[Entry], admitted: dict[str, Admission], years: list[Year]
) -> Iterator[tuple[str, bytes]]:
    environment = showing.environment()

    def page(template: str, depth: int, **values: Any) -> bytes:
        return (
            environment.get_template(template).render(up="../" * depth, office=ctx.district.office, **values).encode()
        )

    yield _STYLE, showing.source(_STYLE).encode()
    yield _SCRIPT, showing.source(_SCRIPT).encode()
    for spec in ctx.district.reports.values():
        own = [entry for entry in entries if entry.report == spec.report]
        yield (
            f"reports/{spec.report}.html",
            page("report.html", 1, spec=spec, entries=own, **about(ctx, spec, admitted)),
        )
    for entry in entries:
        if entry.revisions:
            yield entry.page, page("publication.html", 2, entry=entry)
    numbers = [year.year for year in years]
    for year in years:
        most = max((source.asked for source in year.sources), default=0)
        shown = {"ledger": year, "most": most, "years": numbers, "known": ctx.district.reports}
        stated = {"formula": ledger.FORMULA, "estimates": ledger.estimates(ctx.district.burden)}
        yield f"burden-{year.year}.html", page("burden.html", 0, **shown, **stated)
    yield writing.FIRST_PAGE, page("index.html", 0, years=numbers, **_overview(ctx, entries))


def about(ctx: Context, spec: ReportSpec, admitted: Mapping[str, Admission]) -> dict[str, Any]:
    """What is said of a report itself: `duty` of the office it falls under, `admission` of the form, its `sources`."""
    return {
        "duty": duties.allowed(ctx.district, spec.title),
        "admission": admitted.get(proposed.of_spec(spec).fingerprint),
        "sources": _sources(ctx, spec),
    }


def _overview(ctx: Context, entries: list[Entry]) -> dict[str, Any]:
    """What the first page shows: everything, by quarter, the newest first."""
    by_quarter = sorted(entries, key=lambda entry: entry.quarter, reverse=True)
    of_status = {status: sum(entry.status is status for entry in entries) for status in Status}
    moments = [revision.as_known_at for entry in entries for revision in entry.revisions]
    return {
        "newest": max(moments, default=None),
        "quarters": [(quarter, list(found)) for quarter, found in groupby(by_quarter, key=lambda e: e.quarter)],
        "counts": [(status, count) for status, count in of_status.items() if count],
        "recipients": sorted({entry.recipient for entry in entries}),
        "titles": sorted({(entry.report, entry.title) for entry in entries}, key=lambda pair: pair[1]),
        "specs": sorted(ctx.district.reports.values(), key=lambda spec: (spec.recipient, spec.title)),
        "bulletin": next((entry for entry in entries if entry.report == BULLETIN), None),
    }


def _sources(ctx: Context, spec: ReportSpec) -> list[Source]:
    found = []
    for dataset in (*spec.datasets, *spec.lookups):
        contract = ctx.district.contracts[dataset]
        source = ctx.district.source_of(dataset)
        assert source is not None  # the pack is checked
        rules = (*contract.rules, *contract.group_rules, *contract.reference_rules)
        messages = tuple(dict.fromkeys(rule.message.rstrip("。") for rule in rules))
        found.append(
            Source(contract.title, source.title, source.department, source.cadence, messages, dataset in spec.lookups)
        )
    return found
