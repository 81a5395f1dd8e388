"""`recipients.yaml`: who receives which report by which channel, and who signs it before it goes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen
from courtyard.district.office import Post

if TYPE_CHECKING:
    from courtyard.district.pack import Pack
    from courtyard.district.report import ReportSpec

Place = tuple[str | int, ...]


class FolderChannel(Frozen):
    """A folder that the recipient reads; a relative path lies below `var/outbox/`."""

    channel: Literal["folder"]
    path: str = Field(min_length=1)

    @property
    def target(self) -> str:
        return self.path


class SftpChannel(Frozen):
    """A folder on the recipient's SFTP server; the connection pins its host key."""

    channel: Literal["sftp"]
    connection: str
    path: str = ""

    @property
    def target(self) -> str:
        return f"{self.connection}:{self.path or '.'}"


class MailChannel(Frozen):
    """A department's mail address, never a person's."""

    channel: Literal["mail"]
    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    connection: str = "mail"

    @property
    def target(self) -> str:
        return self.address


Channel = Annotated[FolderChannel | SftpChannel | MailChannel, Field(discriminator="channel")]


class Entitlement(Frozen):
    """What a recipient gets of one report: which view of it, and the rule that this rests on."""

    basis: str = ""
    view: Literal["full", "masked", "counts"] = "full"


class Recipient(Frozen):
    """A department. It gets the reports whose `recipient` is its `name`, and those listed in `reports`.

    A report is due `due_days` after its 统计截止日. At most one channel of each kind.
    """

    recipient: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    basis: str = ""
    due_days: int = Field(ge=0, le=365)
    channels: tuple[Channel, ...] = ()
    reports: dict[str, Entitlement] = Field({})

    @model_validator(mode="after")
    def _one_of_a_kind(self) -> Recipient:
        kinds = [channel.channel for channel in self.channels]
        if len(set(kinds)) != len(kinds):
            raise ValueError("channels holds a kind twice")
        for channel in self.channels:
            if channel.channel != "mail" and ".." in PurePosixPath(channel.path).parts:
                raise ValueError("channels has a path with '..'")
        return self

    def gets(self, spec: ReportSpec) -> bool:
        return spec.recipient == self.name or spec.report in self.reports

    def due_on(self, spec: ReportSpec, as_of: date) -> date:
        """The day by which it wants a report that was counted for a day."""
        return as_of + timedelta(days=self.due_days)

    def view_of(self, spec: ReportSpec) -> str:
        """How much of a report it may see: the full form, or one of the views beside it."""
        return self.reports.get(spec.report, Entitlement()).view

    def basis_of(self, spec: ReportSpec) -> str:
        """The rule on which it gets a report."""
        entry = self.reports.get(spec.report)
        return (entry.basis if entry else "") or self.basis or spec.basis


class Signers(Frozen):
    """Two posts: who prepares a report and who signs it; left out, the office's own.

    A post is written as the office writes its preparer and reviewer, or as `<unit code>/<post>` of posts.csv.
    """

    preparer: str | None = None
    approver: str | None = None


class SignOff(Signers):
    """Who signs, which reports have other signers, and how many days before and after the due date to remind."""

    reports: dict[str, Signers] = Field({})
    remind_before_due: tuple[int, ...] = (3, 1)
    remind_after_due: tuple[int, ...] = (1, 3)


class Recipients(Frozen):
    """The whole file."""

    recipients: tuple[Recipient, ...] = ()
    sign_off: SignOff = SignOff()

    def of(self, spec: ReportSpec) -> tuple[Recipient, ...]:
        """Who gets a report, in the order of the file."""
        return tuple(recipient for recipient in self.recipients if recipient.gets(spec))

    def signers(self, report: str, preparer: str, approver: str) -> tuple[str, str]:
        """The posts that prepare and sign a report; the office's `preparer` and `approver` unless named."""
        own, rule = self.sign_off.reports.get(report, Signers()), self.sign_off
        return own.preparer or rule.preparer or preparer, own.approver or rule.approver or approver


def problems_of(pack: Pack) -> Iterator[str]:
    """What does not hold between recipients, reports and posts."""
    document, value = pack.recipients.document, pack.recipients.value
    for key in ("recipient", "name"):
        first: dict[str, int] = {}
        for index, recipient in enumerate(value.recipients):
            if first.setdefault(getattr(recipient, key), index) != index:
                loc = ("recipients", index, key)
                yield document.problem(loc, f"'{getattr(recipient, key)}' stands twice", "Keep one of the two.")
    for index, recipient in enumerate(value.recipients):
        for report in recipient.reports.keys() - pack.reports.keys():
            loc = ("recipients", index, "reports", report)
            yield document.problem(loc, f"there is no report '{report}'", "Add it or correct it.")
    names = {recipient.name for recipient in value.recipients}
    for read in pack.reports.values():
        if read.value.recipient not in names:
            message = f"'{read.value.recipient}' is not a name of recipients.yaml"
            yield read.document.problem(("recipient",), message, "Add it there or correct it.")
    yield from _sign_off(pack)


def _sign_off(pack: Pack) -> Iterator[str]:
    document, value, office = pack.recipients.document, pack.recipients.value, pack.office.value
    posts: dict[str, list[Post]] = {}
    for row in pack.posts.value:
        posts.setdefault(f"{row.unit_code}/{row.post}", []).append(row)
    known = {office.preparer, office.reviewer} | posts.keys()
    signers: list[tuple[Place, Signers]] = [(("sign_off",), value.sign_off)]
    signers += [(("sign_off", "reports", name), entry) for name, entry in value.sign_off.reports.items()]
    for place, entry in signers:
        for key in ("preparer", "approver"):
            if (named := getattr(entry, key)) and named not in known:
                remedy = "Write the office's preparer or reviewer, or unit/post of posts.csv."
                yield document.problem((*place, key), f"there is no post '{named}'", remedy)
        report = str(place[-1]) if len(place) > 1 else ""
        if report and report not in pack.reports:
            yield document.problem(place, f"there is no report '{report}'", "Add it or correct it.")
        preparer, approver = value.signers(report, office.preparer, office.reviewer)
        if preparer == approver:
            yield document.problem(place, "preparer and approver are one post", "Name two different posts.")
        elif shared := _shared_holder(posts.get(preparer, []), posts.get(approver, [])):
            message = f"preparer and approver are held by one person from {shared}"
            yield document.problem(place, message, "Name two posts of different holders.")


def _shared_holder(first: list[Post], second: list[Post]) -> date | None:
    """The first day on which one person holds both posts."""
    days = [
        max(a.valid_from, b.valid_from)
        for a, b in product(first, second)
        if a.holder == b.holder
        and max(a.valid_from, b.valid_from) < min(a.valid_to or date.max, b.valid_to or date.max)
    ]
    return min(days, default=None)
