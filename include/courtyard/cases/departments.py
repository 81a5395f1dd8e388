"""Which department a name means on a day."""

from __future__ import annotations

from datetime import date

from courtyard.district.models import Department, District
from courtyard.errors import UsageError


def resolve(district: District, written: str, day: date) -> Department:
    """The department of this code, name or other name; UsageError that lists candidates where it is not one alone.

    Nothing is guessed: a part of a name finds candidates, never a department.
    """
    wanted = written.strip()
    there = [department for department in district.departments if department.exists_on(day)]
    for found in (
        [d for d in there if wanted in (d.code, d.name)],
        [d for d in there if wanted in d.names],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"“{wanted}”可以指{len(found)}个部门：{_listed(found)}。", "请写部门全称或编码。")
    former = [d for d in district.departments if wanted in (d.code, *d.names)]
    if former:
        raise UsageError(f"{former[0].name}在{day}不存在，不能去函。", "请写承接其职责的部门，或改 departments.csv。")
    near = [d for d in there if wanted and any(wanted in name or name in wanted for name in d.names)]
    if near:
        raise UsageError(f"没有叫“{wanted}”的部门；相近的有：{_listed(near)}。", "请写部门全称、别名或编码。")
    raise UsageError(f"没有叫“{wanted}”的部门。", "请对照 departments.csv，或在其中加上这个别名。")


def name_of(district: District, code: str) -> str:
    """The name of a department, of a former one too; the code itself where nobody knows it."""
    return next((d.name for d in district.departments if d.code == code), code)


def short_name_of(district: District, code: str) -> str:
    """The first of a department's other names, for lists."""
    found = next((d for d in district.departments if d.code == code), None)
    return found.names[1] if found and len(found.names) > 1 else name_of(district, code)


def _listed(found: list[Department]) -> str:
    return "、".join(f"{d.name}（{d.code}）" for d in found[:6])
