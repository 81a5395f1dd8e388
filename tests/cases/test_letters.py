"""去函: to whom, under which number, what stands in it, and that it is all there or not at all."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import date

import pytest
from docx import Document
from PIL import Image
from street_cases import COURTYARD, GRID, OFFICE, at, context, happen, landed_photo, opened, reported, rows
from tests.cases.stories import merged

from courtyard import cases
from courtyard.cases import acts, chasing, departments, letters, personal, replies
from courtyard.district.cases import Department
from courtyard.district.working_time import Span
from courtyard.errors import UsageError
from courtyard.notices import outbox

REQUEST = "对健身器材进行检修，确认安全后恢复使用"
NOON = at("2026-09-21 11:00")


@pytest.fixture
def ctx(warehouse_url, settings):
    return context(warehouse_url, settings)


def jpeg(colour, size=(640, 480)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "JPEG")
    return made.getvalue()


def write(ctx, department="文体旅局", when=NOON, case_no="260921-AAAAA", request=REQUEST, due=None, post=OFFICE):
    return letters.write(ctx, case_no, department, post=post, at=when, request=request, due=due)


def document(ctx, letter):
    return Document(io.BytesIO((ctx.settings.outbox / letter.file).read_bytes()))


def all_text(ctx, letter) -> str:
    made = document(ctx, letter)
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return "\n".join([p.text for p in made.paragraphs] + cells)


def events(ctx):
    return rows(ctx, "SELECT kind, level, data ->> 'number', data ->> 'department' FROM cases.event ORDER BY seq")


def told(ctx):
    return rows(
        ctx, "SELECT cause, address, attachments FROM notices.notice WHERE cause LIKE 'letter/%' ORDER BY address"
    )


def test_a_letter_is_a_row_a_file_an_event_and_two_notices(ctx):
    opened(ctx)
    letter = write(ctx)
    assert (letter.letter_no, letter.department, letter.number) == (1, "culture_tourism", "少城办函〔2026〕1号")
    assert letter.due_on == date(2026, 9, 29)  # five working days: the 25th is 中秋节
    assert letter.file == "letters/260921-AAAAA/去函1_青羊区文化体育和旅游局.docx"
    assert (ctx.settings.outbox / letter.file).stat().st_mode & 0o777 == 0o600
    assert events(ctx) == [
        ("opened", "courtyard", None, None),
        ("written", "department", "少城办函〔2026〕1号", "culture_tourism"),
    ]
    assert told(ctx) == [
        ("letter/260921-AAAAA/1", "culture-tourism@qingyang.example", [letter.file]),
        ("letter/260921-AAAAA/1", "street-510105005@shaocheng.example", [letter.file]),
    ]


def test_what_stands_in_it(ctx):
    opened(ctx)
    reported(ctx, "260921-AAAAA", "r1", "2026-09-21 09:00", photo="p1", description="器材松动", reporter_name="样甲乙")
    reported(ctx, "260921-AAAAA", "r2", "2026-09-21 09:20", photo="p2", description="又松了", reporter_name="样丙丁")
    landed_photo(ctx, "p1", jpeg("red"))
    landed_photo(ctx, "p2", jpeg("blue", (300, 900)))
    happen(ctx, "260921-AAAAA", "acknowledged", "2026-09-21 09:30")
    happen(ctx, "260921-AAAAA", "measured", "2026-09-21 10:00", text="已围挡并张贴警示，样甲乙电话13800001234")
    happen(ctx, "260921-AAAAA", "noted", "2026-09-21 10:10", text="内部研究")
    letter = write(ctx, due=Span(3, "working_days"))
    said = all_text(ctx, letter)
    for words in (
        "青羊区文化体育和旅游局：", "少城办函〔2026〕1号", "设施松动隐患", "四道街4号院", "260921-AAAAA，共2人次",
        "已采取临时措施：已围挡并张贴警示，（略）电话（略）。", f"支持办理：{REQUEST}。", "2026年9月24日（3个工作日内）前",
        "特此函告。", "附件：现场照片", "办理经过",
    ):  # fmt: skip
        assert words in said, words
    for words in ("样甲乙", "样丙丁", "13800001234", "器材松动", "内部研究"):
        assert words not in said
    (table,) = document(ctx, letter).tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["时间", "环节", "情况"],
        ["2026-09-21 09:00", "院落", "受理"],
        ["2026-09-21 09:30", "院落", "签收"],
        ["2026-09-21 10:00", "院落", "临时安全措施：已围挡并张贴警示，（略）电话（略）"],
    ]
    shapes = document(ctx, letter).inline_shapes
    assert [(round(s.width.mm), round(s.height.mm)) for s in shapes] == [(123, 92), (31, 92)]


def test_a_photo_that_is_gone_or_none_is_left_out(ctx):
    opened(ctx)
    for number, photo in enumerate(("gone", "broken", "whole")):
        reported(ctx, "260921-AAAAA", f"r{number}", f"2026-09-21 09:0{number}", photo=photo)
    landed_photo(ctx, "broken", b"\xff\xd8\xff no picture")
    landed_photo(ctx, "whole", jpeg("green"))
    assert len(document(ctx, write(ctx)).inline_shapes) == 1


def test_each_department_has_its_own_letter_number_and_deadline(ctx):
    opened(ctx)
    first = write(ctx)
    second = write(ctx, "公园局", at("2026-09-22 09:00"), due=Span(2, "working_days"))
    assert [(row.letter_no, row.department, row.number, str(row.due_on)) for row in letters.listing(ctx)] == [
        (1, "culture_tourism", "少城办函〔2026〕1号", "2026-09-29"),
        (2, "parks", "少城办函〔2026〕2号", "2026-09-24"),
    ]
    assert all_text(ctx, second).count("去函青羊区文化体育和旅游局") == 1
    assert first.file != second.file


@pytest.mark.parametrize(
    ("department", "when", "message"),
    [
        ("文体局", NOON, "没有叫“文体局”的部门"),
        ("公安分局青羊", NOON, "相近的有：成都市公安局青羊区分局（police）"),
        ("公园局", at("2021-02-28 10:00"), "在2021-02-28不存在"),
    ],
)
def test_a_department_that_nobody_knows_gets_no_letter(ctx, department, when, message):
    opened(ctx)
    with pytest.raises(UsageError, match=message):
        write(ctx, department, when)
    assert letters.listing(ctx) == []


def test_a_name_of_two_departments_is_asked_about(ctx):
    twin = Department(code="fire_office", name="样例消防办", aliases="消防", valid_from=date(2020, 1, 1))
    district = ctx.district.model_copy(update={"departments": (*ctx.district.departments, twin)})
    assert departments.resolve(district, "fire_office", NOON.date()) is twin
    with pytest.raises(UsageError, match=r"“消防”可以指2个部门：青羊区消防救援大队（fire）、样例消防办（fire_office）"):
        departments.resolve(district, "消防", NOON.date())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"request": "请联系13800001234"}, "不能写反映人"),
        ({"request": "请联系样甲乙"}, "不能写反映人"),
        ({"request": "  "}, "没有写内容"),
        ({"post": GRID}, "只有街道的岗位"),
        ({"post": "510105005/没有这个"}, "没有“510105005/没有这个”这个岗位"),
        ({"case_no": "260921-ZZZZZ"}, "没有工单260921-ZZZZZ"),
    ],
)
def test_what_may_not_be_written(ctx, changed, message):
    opened(ctx)
    reported(ctx, "260921-AAAAA", "r1", "2026-09-21 09:00", reporter_name="样甲乙")
    with pytest.raises(UsageError, match=message):
        write(ctx, **changed)
    assert letters.listing(ctx) == [] and told(ctx) == []


def test_a_second_letter_to_a_department_waits_for_its_reply(ctx):
    opened(ctx)
    write(ctx)
    with pytest.raises(UsageError, match="尚未复函"):
        write(ctx, when=at("2026-09-22 09:00"))
    replies.reply(ctx, "260921-AAAAA", 1, number="青文旅函〔2026〕8号", outcome="accepted", text="已安排", post=OFFICE,
                  at=at("2026-09-23 09:00"))  # fmt: skip
    assert write(ctx, when=at("2026-09-24 09:00")).letter_no == 2


def test_a_task_of_a_department_is_not_written_about(ctx):
    opened(ctx, direction="down")
    with pytest.raises(UsageError, match="部门交办的任务"):
        write(ctx)


def test_a_killed_run_takes_no_number_and_the_same_action_writes_the_letter(ctx, monkeypatch):
    opened(ctx)
    doing = acts.action(ctx, "260921-AAAAA", "written", post=OFFICE, at=NOON, department="parks", request=REQUEST,
                        due_on="2026-09-28", within="5个工作日")  # fmt: skip
    with monkeypatch.context() as broken:
        broken.setattr(acts.acting, "land", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            acts.act(ctx, doing, letters.written)
    assert events(ctx)[1:] == [] and letters.listing(ctx) == []
    merged(ctx, "case_actions", doing.row())  # as if it had been killed between landing and COMMIT
    assert [cases.run(ctx, at=at("2026-09-21 11:30"))["acted"] for _ in range(2)] == [1, 0]
    assert [(row.letter_no, row.number) for row in letters.listing(ctx)] == [(1, "少城办函〔2026〕1号")]
    assert len(told(ctx)) == 2 and len(events(ctx)) == 2
    assert write(ctx, when=at("2026-09-22 09:00")).number == "少城办函〔2026〕2号"


def test_a_landed_letter_that_can_no_longer_be_written_is_noted(ctx):
    opened(ctx)
    doing = acts.action(ctx, "260921-AAAAA", "written", post=OFFICE, at=NOON, department="parks", request=REQUEST,
                        due_on="2026-09-28", within="5个工作日")  # fmt: skip
    happen(ctx, "260921-AAAAA", "answered", "2026-09-21 11:10", text="已修好")
    merged(ctx, "case_actions", doing.row())
    assert [cases.run(ctx, at=at("2026-09-21 11:30"))["acted"] for _ in range(2)] == [1, 0]
    assert [kind for kind, *_ in events(ctx)] == ["opened", "answered", "noted"]
    assert letters.listing(ctx) == [] and not list(ctx.settings.outbox.glob("letters/*/*"))
    assert rows(ctx, "SELECT count(*) FROM publish.letter_number") == [(0,)]


def test_killed_while_the_file_is_written_leaves_only_a_part(ctx, monkeypatch):
    opened(ctx)
    with monkeypatch.context() as broken:
        broken.setattr(outbox.os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            write(ctx)
    folder = ctx.settings.outbox / "letters/260921-AAAAA"
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    letter = write(ctx)
    assert [path.name for path in folder.iterdir()] == [letter.file.rpartition("/")[2]]


def test_numbers_of_persons_are_found_however_they_are_spaced():
    for number in ("138 0000 1234", "138-0000-1234", "028-86123456", "11010519491231002X"):
        with pytest.raises(UsageError):
            personal.checked(f"请联系{number}。")
    assert personal.checked("请在2026-09-28前检修3号院12处器材（少城办函〔2026〕12号）") != ""
    assert personal.checked(f"院落编码不写，工单260921-AAAAA，第{COURTYARD[-4:]}处")


# --- replies ---


def reply(ctx, outcome, when="2026-09-23 09:00", letter_no=1, **more):
    return replies.reply(ctx, "260921-AAAAA", letter_no, number="青文旅函〔2026〕8号", outcome=outcome,
                         text="内部意见：已派人检修", post=OFFICE, at=at(when), **more)  # fmt: skip


def test_a_reply_is_told_as_a_step_without_the_departments_words(ctx):
    opened(ctx)
    write(ctx)
    row = reply(ctx, "done")
    assert (row.outcome, row.reply_number, row.reply) == ("done", "青文旅函〔2026〕8号", "内部意见：已派人检修")
    (data,) = rows(ctx, "SELECT data::text, level FROM cases.event WHERE kind = 'replied'")
    assert "内部意见" not in data[0] and "青羊区文化体育和旅游局" in data[0] and data[1] == "department"
    bodies = rows(ctx, "SELECT body FROM notices.notice WHERE cause = 'reply/260921-AAAAA/1'")
    assert bodies == [("工单260921-AAAAA：青羊区文化体育和旅游局已办理。请核实后答复反映人。",)]


def test_a_refusal_says_who_and_where_next_and_the_street_has_to_act(ctx):
    opened(ctx)
    write(ctx)
    with pytest.raises(UsageError, match="没有写应由哪个单位"):
        reply(ctx, "refused")
    reply(ctx, "refused", where="青羊区住房和城乡建设局")
    found = rows(ctx, """SELECT kind, level, data ->> 'department_name', data ->> 'where' FROM cases.event
                          WHERE kind IN ('replied', 'handed_back') ORDER BY seq""")  # fmt: skip
    assert found == [
        ("replied", "department", "青羊区文化体育和旅游局", "青羊区住房和城乡建设局"),
        ("handed_back", "street", None, "青羊区住房和城乡建设局"),
    ]
    assert rows(ctx, "SELECT status, level, unit_code, acknowledge_due_at IS NULL FROM cases.case") == [
        ("waiting", "street", "510105005", False)
    ]
    assert write(ctx, "住建局", at("2026-09-23 10:00")).letter_no == 2


def test_a_reply_is_entered_once_and_only_to_a_letter_that_asks(ctx):
    opened(ctx)
    write(ctx)
    reply(ctx, "done")
    with pytest.raises(UsageError, match="已登记复函"):
        reply(ctx, "done", "2026-09-24 09:00")
    with pytest.raises(UsageError, match="没有第7封函"):
        reply(ctx, "done", letter_no=7)
    with pytest.raises(UsageError, match="没有“maybe”这种结果"):
        reply(ctx, "maybe")


@pytest.mark.office
def test_an_office_suite_prints_a_letter_with_photos_and_a_chase(ctx, tmp_path):
    opened(ctx)
    for number, size in enumerate(((1280, 960), (720, 1280), (1600, 900)), 1):
        reported(ctx, "260921-AAAAA", f"r{number}", f"2026-09-21 09:0{number}", photo=f"p{number}")
        landed_photo(ctx, f"p{number}", jpeg("teal", size))
    happen(ctx, "260921-AAAAA", "measured", "2026-09-21 10:00", text="已围挡并张贴警示")
    write(ctx)
    assert chasing.chase(ctx, at=at("2026-09-30 09:00")) == {"chased": 1}
    printed = {}
    for letter in letters.listing(ctx):
        copy = shutil.copy(ctx.settings.outbox / letter.file, tmp_path / f"{letter.kind}.docx")
        subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
             "--outdir", str(tmp_path), str(copy)],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        pdf = str(tmp_path / f"{letter.kind}.pdf")
        text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True).stdout.decode()
        images = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, check=True).stdout.decode()
        printed[letter.kind] = [page.replace(" ", "") for page in text.split("\f")], images.count("image")
    pages, images = printed["request"]
    assert images == 3 and "少城办函〔2026〕1号" in pages[0]
    assert "附件" in pages[2] and "现场照片1" in pages[2] and "现场照片2" in pages[2] and "现场照片3" in pages[3]
    pages, images = printed["chase"]
    assert images == 0 and "尚未收到复" in pages[0] and "少城办函〔2026〕2号" in pages[0]
