"""`users.csv`: who of Airflow's users looks at the office's pages as what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from courtyard.district.frozen import Frozen

if TYPE_CHECKING:
    from courtyard.district.pack import Pack

Role = Literal["street", "community", "department", "viewer"]
AirflowRole = Literal["viewer", "user", "op", "admin"]


class User(Frozen):
    """A row of `users.csv`: a name of Airflow's, and what its holder sees of the office from when to when.

    `unit_code` is the street's or a community's, `post` the post for which a user of one acts (of posts.csv, or
    `preparer` or `reviewer` of district.yaml). `department` is the name of a department: a recipient's, or that of a
    source. Whoever is not listed sees what a viewer sees. `airflow_role` is the login that `make up` makes; an
    installation with an auth manager of its own keeps its own.
    """

    user: str = Field(pattern=r"^[a-z][a-z0-9_.-]{1,63}$")
    role: Role
    unit_code: str | None = None
    post: str | None = None
    department: str | None = None
    airflow_role: AirflowRole = "viewer"
    valid_from: date
    valid_to: date | None = None

    def is_valid(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def problems_of(pack: Pack) -> Iterator[str]:
    """What must hold of users: one row a name at a time, and a role with what it needs."""
    read, units = pack.users, {unit.code: unit.kind for unit in pack.units.value}
    departments = {recipient.name for recipient in pack.recipients.value.recipients}
    departments |= {source.value.department for source in pack.sources.values()}
    office = pack.office.value
    known_posts = {(post.unit_code, post.post) for post in pack.posts.value}
    known_posts |= {(office.street_code, post) for post in (office.preparer, office.reviewer)}
    seen: dict[str, list[User]] = {}
    for index, row in enumerate(read.value):
        if any(row.is_valid(other.valid_from) or other.is_valid(row.valid_from) for other in seen.get(row.user, ())):
            yield read.document.problem((index, "user"), "has another row at the same time", "Let one end first.")
        seen.setdefault(row.user, []).append(row)
        if row.role in ("street", "community") and units.get(row.unit_code or "") != row.role:
            yield read.document.problem((index, "unit_code"), f"is no {row.role} of units.csv", "Name its code.")
        elif row.post and (row.unit_code, row.post) not in known_posts:
            yield read.document.problem((index, "post"), "is no post of this unit in posts.csv", "Correct it.")
        if row.role == "department" and row.department not in departments:
            remedy = "Write the name of a recipient, or the department of a source."
            yield read.document.problem((index, "department"), "there is no such department", remedy)
