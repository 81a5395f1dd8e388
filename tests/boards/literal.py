"""A warehouse with a few literal archives, for page tests: the pack's courtyards, and what is said of them here."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from courtyard.district import load_district
from courtyard.settings import Settings
from courtyard.warehouse import registers

STREET, QUARTER = "510105005", "2026Q3"
MODULES = ("population", "key_groups", "resources", "providers", "items", "response")
_ARCHIVE = text(f"""
INSERT INTO warehouse.courtyard_archive (street_code, courtyard_code, period, recorded_at, superseded_at, {", ".join(MODULES)})
VALUES (:street, :code, :period, :at, :until, {", ".join(f"CAST(:{name} AS jsonb)" for name in MODULES)})
""")
_TAG = text("""
INSERT INTO warehouse.courtyard_tag (street_code, courtyard_code, period, recorded_at, tag, title, category, is_judged, reason, figures)
VALUES (:street, :code, :period, '2026-10-01', :tag, :title, '人口', true, :reason, '{}')
""")
_INDICATOR = text("""
INSERT INTO warehouse.courtyard_indicator (street_code, level, unit_code, period, recorded_at, indicator, title, unit, value, state,
                                           courtyards, courtyards_known)
VALUES (:street, 'courtyard', :code, :period, '2026-10-01', :indicator, :title, '%', :value, 'known', 1, 1)
""")
_CASE = text("""
INSERT INTO cases."case" (street_code, case_no, direction, status, level, unit_code, courtyard_code, category, confidence,
                          urgency, opened_at, total_due_at, step_no, step_since, solve_due_at)
VALUES (:street, :case_no, 'up', 'handling', 'community', :unit, :code, 'other', 1, 'normal', :opened, :due, 1, :opened, :due)
""")


class Literal:
    """`with Literal(settings, url) as rows: rows.archive(...)`, committed at the end."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.district = load_district(settings.district_path)
        self._engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)

    def __enter__(self) -> Literal:
        self._begun = self._engine.begin()
        self._connection = self._begun.__enter__()
        registers.keep_in_step(self._connection, self.district)
        return self

    def __exit__(self, *failed: Any) -> None:
        self._begun.__exit__(*failed)

    def archive(
        self,
        code: str,
        period: str = QUARTER,
        at: str = "2026-10-01",
        until: str = "infinity",
        **modules: dict[str, Any],
    ) -> None:
        values = {name: json.dumps(modules.get(name, {})) for name in MODULES}
        named = {"street": STREET, "code": code, "period": period, "at": at, "until": until}
        self._connection.execute(_ARCHIVE, named | values)

    def tag(self, code: str, tag: str, title: str, reason: str, period: str = QUARTER) -> None:
        named = {"street": STREET, "code": code, "period": period, "tag": tag, "title": title, "reason": reason}
        self._connection.execute(_TAG, named)

    def indicator(self, code: str, indicator: str, title: str, value: float, period: str = QUARTER) -> None:
        named = {"street": STREET, "code": code, "period": period, "indicator": indicator, "title": title}
        self._connection.execute(_INDICATOR, named | {"value": value})

    def case(self, case_no: str, code: str, unit: str, opened: datetime, due: datetime) -> None:
        named = {"street": STREET, "case_no": case_no, "code": code, "unit": unit, "opened": opened, "due": due}
        self._connection.execute(_CASE, named)
