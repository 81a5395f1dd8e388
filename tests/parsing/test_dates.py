"""Dates with the precision they were written in (DOMAIN 4: 14, 15, 16)."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.parsing.cells import Typed
from courtyard.parsing.dates import Century, chinese_number, from_serial, read_date, read_datetime

CENTURY = Century(latest=2026)


def number(text):
    return Typed("number", text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2024-03-01", "2024-03-01"),
        ("2024-3-1", "2024-03-01"),
        ("2024/3/1", "2024-03-01"),
        ("2024.3.1", "2024-03-01"),
        ("2024．3．1", "2024-03-01"),
        ("2024. 3. 1", "2024-03-01"),
        ("2024.3.1.", "2024-03-01"),
        ("20240301", "2024-03-01"),
        ("2024年3月1日", "2024-03-01"),
        ("2024年03月01号", "2024-03-01"),
        ("２０２４年３月１日", "2024-03-01"),
        ("二〇二四年三月一日", "2024-03-01"),
        ("二○二四年十二月三十一日", "2024-12-31"),
        ("二零二四年十月廿一日", "2024-10-21"),
        ("二O二四年元月二十日", "2024-01-20"),
        ("贰零贰肆年叁月", "2024-03"),
        ("24/3/1", "2024-03-01"),
        ("83/5/20", "1983-05-20"),
        ("24年3月1日", "2024-03-01"),
        ("240301", "2024-03-01"),
        ("2024.3", "2024-03"),
        ("2024.10", "2024-10"),
        ("2024.1", "2024-01"),
        ("2024-03", "2024-03"),
        ("2024年3月", "2024-03"),
        ("202403", "2024-03"),
        ("2024", "2024"),
        ("2024年", "2024"),
        ("二〇二四年三月", "2024-03"),
        ("2024-03-01 00:00:00", "2024-03-01"),
        ("2024-03-01T10:20:30+08:00", "2024-03-01"),
        ("2024年3月1日 星期五", "2024-03-01"),
        ("2024年3月1日上午10时30分", "2024-03-01"),
        ("13/01/2024", "2024-01-13"),
        ("01/13/2024", "2024-01-13"),
        ("'2024-03-01", "2024-03-01"),
        ("45352", "2024-03-01"),
    ],
)
def test_a_date_keeps_the_precision_it_was_written_in(written, value):
    assert read_date(written, CENTURY) == (value, None)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2024-02-30", "date.impossible"),
        ("2024-13-01", "date.impossible"),
        ("20241301", "date.impossible"),
        ("0024-03-01", "date.impossible"),
        ("03/01/2024", "date.ambiguous"),
        ("3/1", "date.ambiguous"),
        ("3月1日", "date.ambiguous"),
        ("24-3", "date.ambiguous"),
        ("05/06/83", "date.ambiguous"),
        ("去年", "date.unreadable"),
        ("约1990年", "date.unreadable"),
        ("1990年代", "date.unreadable"),
        ("2024-03-01至2025-03-01", "date.unreadable"),
        ("2024-3/1", "date.unreadable"),
        ("٢٠٢٤", "date.unreadable"),
    ],
)
def test_no_day_is_invented(written, code):
    assert read_date(written, CENTURY) == (None, code)


def test_a_two_digit_year_is_the_last_such_year_and_ambiguous_without_a_year_to_count_from():
    assert read_date("26/9/1", CENTURY) == ("2026-09-01", None)
    assert read_date("27/9/1", CENTURY) == ("1927-09-01", None)
    assert read_date("27/9/1", Century(2026, earliest=2005)) == (None, "date.impossible")
    assert read_date("24/3/1", Century()) == (None, "date.ambiguous")


@pytest.mark.parametrize("text", ["", " ", "无", "—", "-", "/", "不详"])
def test_no_date_is_no_problem(text):
    assert read_date(text) == (None, None)


def test_a_number_cell_of_2024_point_1_may_be_january_or_october():
    assert read_date(number("2024.1")) == (None, "date.float_month")


@pytest.mark.parametrize(
    ("text", "value"),
    [("2024.3", "2024-03"), ("2024.12", "2024-12"), ("2024.01", "2024-01"), ("2024.10", "2024-10"),
     ("20240301", "2024-03-01"), ("2024", "2024"), ("45352", "2024-03-01"), ("202403", "2024-03")],
)  # fmt: skip
def test_other_number_cells_have_one_reading(text, value):
    assert read_date(number(text)) == (value, None)


@pytest.mark.parametrize(
    ("cell", "code"),
    [(Typed("serial", "60"), "date.impossible"), (Typed("serial", "-3"), "date.impossible"),
     (number("-45352"), "date.impossible"), (number("3.5"), "date.unreadable"), (Typed("date", "T08:30"), "date.unreadable"),
     (Typed("boolean", "1"), "date.unreadable")],
)  # fmt: skip
def test_numbers_that_are_no_date(cell, code):
    assert read_date(cell) == (None, code)


def test_the_day_number_of_a_1904_workbook_counts_from_1904():
    assert read_date(Typed("number_1904", "43890")) == ("2024-03-01", None)


def test_serial_numbers_of_both_systems():
    assert from_serial(1) == datetime(1900, 1, 1)
    assert from_serial(59) == datetime(1900, 2, 28)
    assert from_serial(60) is None  # 29 February 1900
    assert from_serial(61) == datetime(1900, 3, 1)
    assert from_serial(45352.5) == datetime(2024, 3, 1, 12)
    assert from_serial(0, epoch_1904=True) == datetime(1904, 1, 1)
    assert from_serial(60, epoch_1904=True) == datetime(1904, 3, 1)
    assert from_serial(0) is None and from_serial(-1) is None and from_serial(-1, epoch_1904=True) is None
    assert from_serial(3e6) is None


SPELLINGS = (
    "{d:%Y-%m-%d}", "{d.year}-{d.month}-{d.day}", "{d.year}/{d.month}/{d.day}", "{d.year}.{d.month}.{d.day}", "{d:%Y%m%d}",
    "{d.year}年{d.month}月{d.day}日", "{d:%Y-%m-%d} 00:00:00", "{year}年{month}月{day}日",
)  # fmt: skip


def in_chinese(n):
    tens, ones = divmod(n, 10)
    return ("" if not tens else "十" if tens == 1 else "〇一二三"[tens] + "十") + (
        "" if not ones else "〇一二三四五六七八九"[ones]
    )


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(SPELLINGS))
def test_every_day_in_every_spelling_reads_the_same(day, spelling):
    year = "".join("〇一二三四五六七八九"[int(c)] for c in str(day.year))
    written = spelling.format(d=day, year=year, month=in_chinese(day.month), day=in_chinese(day.day))
    assert read_date(written) == (day.isoformat(), None)


@given(st.dates(date(1900, 3, 1), date(2199, 12, 31)))
def test_every_excel_day_number_is_its_day(day):
    assert from_serial((day - date(1899, 12, 30)).days).date() == day
    assert from_serial((day - date(1904, 1, 1)).days, epoch_1904=True) == (None if day < date(1904, 1, 1) else datetime(day.year, day.month, day.day))  # fmt: skip


@given(st.text(max_size=30))
def test_no_text_raises(text):
    value, code = read_date(text, CENTURY)
    assert value is None or code is None
    read_datetime(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2026-07-01T08:00:00+08:00", "2026-07-01T08:00:00+08:00"),
        ("2026-07-01T00:00:00Z", "2026-07-01T08:00:00+08:00"),
        ("2026-07-01 08:00:00", "2026-07-01T08:00:00+08:00"),
        ("2026/7/1 8:00", "2026-07-01T08:00:00+08:00"),
        ("2026年7月1日8时05分", "2026-07-01T08:05:00+08:00"),
        ("20260701080000", "2026-07-01T08:00:00+08:00"),
        ("2026-07-01T08:00:00.123", "2026-07-01T08:00:00+08:00"),
        ("2026-07-01", "2026-07-01T00:00:00+08:00"),
        (Typed("date", "2026-07-01 08:00:00"), "2026-07-01T08:00:00+08:00"),
    ],
)
def test_a_moment_without_offset_is_beijing_time(written, value):
    assert read_datetime(written) == (value, None)


@pytest.mark.parametrize(
    ("written", "code"),
    [("2026-07-32 08:00:00", "date.impossible"), ("2026-07-01 25:00:00", "date.impossible"), ("昨天", "date.unreadable"),
     (Typed("number", "1751328000"), "date.unreadable")],
)  # fmt: skip
def test_a_moment_that_never_was(written, code):
    assert read_datetime(written) == (None, code)


def test_chinese_numbers():
    assert [chinese_number(t) for t in ("十", "十二", "二十", "三十一", "廿一", "卅", "二〇二四")] == [
        "10", "12", "20", "31", "21", "30", "2024",
    ]  # fmt: skip
