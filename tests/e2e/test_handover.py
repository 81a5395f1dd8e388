"""What the successor of a post is given in a street whose four quarters have run."""

from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from courtyard import handover
from courtyard.district.posts import Posts

ON = date(2026, 10, 8)


def test_everything_open_stands_with_a_post_that_somebody_holds_on_every_day(street):
    district = street.context("2026Q3").district
    posts, query = Posts(district), text("SELECT * FROM mart.open_item_on(:day)")
    with street.engine.connect() as connection:
        for day in (date(2025, 10, 1) + timedelta(days=n) for n in range(0, 380, 19)):
            items = connection.execute(query, {"day": day}).all()
            assert len({item.matter for item in items}) >= 6
            assert [i for i in items if not posts.holder(i.answers_unit, i.answers_post, day)] == []
        vacant = {item.answers_unit for item in items if item.unit_code == "510105005007007"}
    assert vacant <= {"510105005007"}


@pytest.mark.parametrize("unit", ["510105005", "510105005003", "510105005002003"], ids=["street", "community", "grid"])
def test_a_pack_holds_what_belongs_to_the_unit_and_no_whole_number(street, tmp_path, unit):
    ctx = street.context("2026Q3")
    done = handover.write(ctx, unit, post=None, on=ON, at=datetime(2026, 10, 8, tzinfo=UTC), out=tmp_path / "pack.xlsx")
    book = load_workbook(done["file"])
    assert (
        done["counts"]["院落"] == sum(c.code.startswith(unit[:12]) for c in ctx.district.courtyards) or len(unit) == 15
    )
    assert all(done["counts"].values()) or len(unit) == 15
    with (street.settings.truth / "persons.csv").open(encoding="utf-8") as lines:
        numbers = {line.split(",")[4] for line in lines} - {"", "id_number"}
    cells = {str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None}
    assert numbers and not cells & numbers
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
