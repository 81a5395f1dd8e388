"""The quality report's pages: counts only, nothing from outside, one page for the same batches."""

from __future__ import annotations

import re

from courtyard import validation

from .rows import activist, person


def folder(quarter):
    return quarter.ctx.settings.quality_docs / "2026Q3"


def test_the_index_counts_what_each_dataset_came_to(quarter):
    quarter.batch([{"attrs": person()}, {"attrs": person(sex="7"), "id_sex": "2"}, {"attrs": person(), "id_sex": "2"}])
    quarter.batch([{"attrs": activist()}], "grid_activists")
    validation.validate(quarter.ctx)
    index = (folder(quarter) / "index.html").read_text("utf-8")
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr>(.*?)</tr>", index)]
    assert rows == [
        ["数据集", "批次", "行数", "隔离行", "错误", "提醒", "暂挂批次"],
        ["居民骨干", "1", "1", "0", "0", "0", "0"],
        ["实有人口", "1", "3", "1", "1", "1", "0"],
    ]
    pages = re.findall(r"href='([^']+)'", index)
    assert all((folder(quarter) / page).is_file() for page in pages)


def test_a_page_is_great_expectations_own_without_any_outside_reference(quarter):
    quarter.batch([{"attrs": person(sex="7")}])
    validation.validate(quarter.ctx)
    page = next(folder(quarter).glob("population-*.html")).read_text("utf-8")
    assert "性别（sex）" in page and "sex__" not in page
    assert "无“性别不在可选项内”（code.unknown）" in page
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//[^\"'> ]*|url\([^)]*//[^)]*\)|<script", page)


def test_later_batches_of_a_quarter_get_a_page_of_their_own(quarter):
    quarter.batch([{"attrs": person()}])
    validation.validate(quarter.ctx)
    quarter.batch([{"attrs": person(sex="7")}])
    validation.validate(quarter.ctx)
    assert len(list(folder(quarter).glob("population-*.html"))) == 2


def test_a_held_batch_is_named_with_its_reason_and_no_half_page_stays(quarter):
    batch = quarter.batch([], "grid_dibao")
    validation.validate(quarter.ctx)
    page = next(folder(quarter).glob("grid_dibao-*.html")).read_text("utf-8")
    assert batch in page and "没有数据行" in page
    assert not list(folder(quarter).glob("*.part"))
