"""A new or changed form against the archive, the other forms, the duty list and the negative list; what a post decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district import duties
from courtyard.district.models import District, Duty, ReportSpec
from courtyard.errors import UsageError
from courtyard.parsing.vocabulary import fold
from courtyard.privacy import written
from courtyard.reports.burden.facts import NO_FACT, ROW_NUMBERS, Held, asked_by, by_name, look_up
from courtyard.reports.burden.proposed import Proposed
from courtyard.store import statements

_SQL = statements.load("courtyard.reports.burden", "burden.sql")
Verdict = Literal["admitted", "knowingly", "refused"]
VERDICTS: dict[Verdict, str] = {"admitted": "准入", "knowingly": "知情准入", "refused": "退回"}


@dataclass(frozen=True)
class Asked:
    """A column of the form. `coverage` is the share of the archive's rows that hold it, None where nothing holds it."""

    header: str
    fact: str
    held_in: str
    coverage: float | None
    also_asked_by: tuple[str, ...]
    refused_as: str


@dataclass(frozen=True)
class Finding:
    """What the check says of a form. `reasons` are sentences in Chinese, the gravest first."""

    title: str
    recipient: str
    fingerprint: str
    matter: str
    columns: tuple[Asked, ...]
    advised: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """What a post decides on a form. `post` is never a person's name."""

    verdict: Verdict
    reason: str
    post: str
    at: datetime


def check(connection: Connection, ctx: Context, form: Proposed) -> Finding:
    """Look at a form; changes nothing."""
    district = ctx.district
    elsewhere = _asked_elsewhere(district, form)
    meanings = _of_spec(district, form.spec) if form.spec else _of_headers(district, form, elsewhere)
    columns = []
    for header, meaning in zip(form.headers, meanings, strict=True):
        refused = duties.refused(district, [header])
        computed = "由档案计算" if meaning.is_computed else ""
        columns.append(
            Asked(
                header=header,
                fact=meaning.fact,
                held_in=meaning.held.contract.title if meaning.held else computed,
                coverage=_coverage(connection, ctx, meaning),
                also_asked_by=elsewhere.by_fact.get(meaning.fact, ()) if meaning.fact else (),
                refused_as=refused[0][0].matter if refused else "",
            )
        )
    duty = duties.allowed(district, form.title)
    advised, reasons = _advice(district, form, columns, elsewhere)
    return Finding(
        form.title, form.recipient, form.fingerprint, duty.matter if duty else "", tuple(columns), advised, reasons
    )


def decide(connection: Connection, ctx: Context, finding: Finding, decision: Decision) -> None:
    """Keep what a post decides. UsageError: no reason, nobody, or a plain yes to what the check does not let pass."""
    reason = written.reason(decision.reason)
    if not reason or not decision.post.strip():
        raise UsageError("没有写明理由或岗位。", "请加上 --reason 和 --post。")
    if decision.verdict == "admitted" and finding.advised != "admitted":
        raise UsageError(
            f"检查意见是“{VERDICTS[finding.advised]}”，不能直接准入。", "请改为“知情准入”并写明理由，或退回。"
        )
    said = {
        "street": ctx.street_code,
        "title": finding.title,
        "recipient": finding.recipient,
        "fingerprint": finding.fingerprint,
        "advised": finding.advised,
        "verdict": decision.verdict,
        "reason": reason,
        "post": decision.post.strip(),
        "at": decision.at,
        "findings": Jsonb({"reasons": finding.reasons, "columns": [asdict(c) for c in finding.columns]}),
    }
    connection.execute(_SQL["admit"], said)


@dataclass(frozen=True)
class _Elsewhere:
    """What the pack's other forms ask: who asks for a fact, which fact a header means, the facts of each form."""

    by_fact: Mapping[str, tuple[str, ...]]
    fact_of: Mapping[str, str]
    of_form: Mapping[str, frozenset[str]]


def _asked_elsewhere(district: District, form: Proposed) -> _Elsewhere:
    by_fact: dict[str, list[str]] = {}
    fact_of: dict[str, str] = {}
    of_form: dict[str, frozenset[str]] = {}
    for spec in district.reports.values():
        asked = {fold(f"{c.group}{c.header}"): asked_by(district, c, spec) for c in spec.columns}
        asked |= {fold(c.header): asked_by(district, c, spec) for c in spec.columns}
        # Even a form of ours tells which fact its headers mean; only others tell that it is asked twice.
        fact_of |= {header: said.fact for header, said in asked.items() if said.has_source and said.fact}
        if (spec.title, spec.recipient) == (form.title, form.recipient):
            continue
        facts = frozenset(said.fact for said in asked.values() if said.fact)
        of_form[f"《{spec.title}》（{spec.recipient}）"] = facts
        for fact in sorted(facts):
            by_fact.setdefault(fact, []).append(f"《{spec.title}》（{spec.recipient}）")
    return _Elsewhere({fact: tuple(forms) for fact, forms in by_fact.items()}, fact_of, of_form)


@dataclass(frozen=True)
class _Meaning:
    """What a column asks for: a column of a contract, or something that is computed from the archive."""

    fact: str = NO_FACT
    held: Held | None = None
    is_computed: bool = False


def _of_spec(district: District, spec: ReportSpec) -> list[_Meaning]:
    """The columns of a report's YAML: what no contract holds its SQL computes, unless it says `by_hand`."""
    contracts = [district.contracts[name] for name in (*spec.datasets, *spec.lookups) if name in district.contracts]
    found = []
    for column in spec.columns:
        if fold(column.header) in ROW_NUMBERS:
            found.append(_Meaning(is_computed=True))
            continue
        held = None if spec.kind == "aggregate" else by_name(district, contracts, column.sealed or column.name)
        found.append(_Meaning(asked_by(district, column, spec).fact, held, held is None and not column.by_hand))
    return found


def _of_headers(district: District, form: Proposed, elsewhere: _Elsewhere) -> list[_Meaning]:
    """The columns of a blank form by their headers. Of several datasets that hold one, the one that holds most of the
    form's columns, then the more trusted one (`rules/authority.yaml`)."""
    trust = next((a.datasets for a in district.authority if a.attribute == "name"), ())
    holding = [
        {c.dataset: held for c in district.contracts.values() if (held := look_up(district, [c], header))}
        for header in form.headers
    ]
    known = Counter(dataset for found in holding for dataset in found)

    def trusted(dataset: str) -> tuple[int, str]:
        return -trust.index(dataset) if dataset in trust else -len(trust), dataset

    main = max(known, key=lambda dataset: (known[dataset], *trusted(dataset)), default="")

    found = []
    for header, helds in zip(form.headers, holding, strict=True):
        held = helds[main if main in helds else max(helds, key=trusted)] if helds else None
        fact = held.fact if held else elsewhere.fact_of.get(fold(header), NO_FACT)
        is_number = fold(header) in ROW_NUMBERS
        found.append(_Meaning(fact, held, is_number or (held is None and fact != NO_FACT)))
    return found


def _coverage(connection: Connection, ctx: Context, meaning: _Meaning) -> float | None:
    """The share of a dataset's current rows that hold an attribute; 0 where the dataset has never come."""
    if meaning.held is None:
        return 1.0 if meaning.is_computed else None
    where = {"street": ctx.street_code, "dataset": meaning.held.contract.dataset, "name": meaning.held.column.name}
    row = connection.execute(_SQL["coverage"], where).one()
    return row.known / row.rows if row.rows else 0.0


def _advice(
    district: District, form: Proposed, columns: list[Asked], elsewhere: _Elsewhere
) -> tuple[Verdict, tuple[str, ...]]:
    asked = [c for c in columns if fold(c.header) not in ROW_NUMBERS]
    refusals = [f"“{text}”属于负面清单：{duty.matter}（{duty.basis}）。" for duty, text in _refused(district, form)]
    if same := _same_form(district, asked, elsewhere):
        refusals.append(f"{same}已在报送，内容基本相同：请该部门直接使用，不另报一张。")
    cautions = []
    if (duty := duties.allowed(district, form.title)) is None:
        cautions.append("权责清单中没有对应事项：不能确定是否属于街道职责。")
    elif form.recipient not in duty.owners:
        cautions.append(f"“{duty.matter}”的主管部门是{duty.owner}，不是{form.recipient}。")
    if missing := [c.header for c in asked if c.coverage is None and not c.refused_as]:
        cautions.append(f"档案中没有{len(missing)}项，要新采集或手填：{'、'.join(missing)}。")
    if empty := [c.header for c in asked if c.coverage == 0]:
        cautions.append(f"档案有栏目而没有内容的{len(empty)}项：{'、'.join(empty)}。")
    notes = []
    if twice := [c for c in asked if c.also_asked_by]:
        notes.append(f"{len(twice)}项其他报表也在要，由档案一次提供：{'、'.join(c.header for c in twice)}。")
    if held := [c for c in asked if c.coverage]:
        notes.append(f"{len(asked)}项中{len(held)}项可从档案自动填出，不需社区、网格填报。")
    advised: Verdict = "refused" if refusals else "knowingly" if cautions else "admitted"
    return advised, (*refusals, *cautions, *notes)


def _refused(district: District, form: Proposed) -> list[tuple[Duty, str]]:
    return duties.refused(district, dict.fromkeys((form.title, *form.headers)))


def _same_form(district: District, asked: list[Asked], elsewhere: _Elsewhere) -> str:
    """Another form that asks for so much of this one that it could serve; empty when there is none."""
    facts = [c.fact for c in asked]
    shares = {
        form: sum(f in known for f in facts if f) / len(facts) for form, known in elsewhere.of_form.items() if facts
    }
    form = max(shares, key=lambda name: shares[name], default="")
    return form if form and shares[form] >= district.burden.same_form_share else ""
