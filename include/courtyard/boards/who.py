"""Who looks at a page: a signed-in user as the pack knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from courtyard.district.models import District
from courtyard.district.users import Role
from courtyard.errors import UsageError

TITLES: dict[Role, str] = {"street": "街道", "community": "社区", "department": "部门", "viewer": "访客"}


@dataclass(frozen=True)
class Who:
    """`unit_code` is set for street and community, `department` for a department; `post` where the pack names one."""

    user: str
    role: Role
    unit_code: str | None = None
    post: str | None = None
    department: str | None = None

    @property
    def holder(self) -> str:
        """The actor in the audit log and the holder of what is done for this user."""
        return f"board:{self.user}"

    @property
    def title(self) -> str:
        return TITLES[self.role]

    def acting(self, district: District) -> str:
        """The post for which this user decides, as `posts.required` reads it; UsageError for who has none."""
        office = district.office
        if self.post is None:
            raise UsageError("您的账号没有对应的岗位，只能查看。", "请街道在 users.csv 中为账号填写岗位。")
        return self.post if self.post in (office.preparer, office.reviewer) else f"{self.unit_code}/{self.post}"

    def sees_unit(self, unit_code: str) -> bool:
        """Whether a unit is this user's own, or below it; for street and community."""
        return self.unit_code is not None and unit_code.startswith(self.unit_code)


def who_is(district: District, user: str, day: date) -> Who:
    """The user as `users.csv` has it on a day; whoever is not listed is a viewer."""
    row = next((row for row in district.users if row.user == user and row.is_valid(day)), None)
    if row is None:
        return Who(user, "viewer")
    return Who(user, row.role, row.unit_code, row.post, row.department)
