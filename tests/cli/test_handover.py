import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def courtyard(tmp_path):
    """Run a command line that needs no server, in folders of this test alone."""
    env = {**os.environ, "COURTYARD_VAR": str(tmp_path / "var"), "COURTYARD_KEYS": str(tmp_path / "keys")}

    def run(*words):
        words = [sys.executable, "-m", "courtyard", "handover", *map(str, words)]
        return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env={**env, "PYTHONPATH": "include"})

    return run


def test_the_list_tells_holders_vacancies_and_who_answers(courtyard):
    done = courtyard("510105005007007", "--list", "--on", "2026-09-10", "--json")
    posts = {post["post"]: post for post in json.loads(done.stdout)["posts"]}
    assert posts["网格员"]["state"] == posts["网格长"]["state"] == "vacant"
    assert posts["网格长"]["since"] == "2026-09-01"
    assert (posts["网格员"]["answers_unit"], posts["网格员"]["answers_post"]) == ("510105005007", "社区书记")


def test_the_list_for_people_counts_vacancies_of_the_whole_street(courtyard):
    done = courtyard("--list", "--on", "2026-09-10")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.splitlines()[-1].endswith("个岗位，2 个空缺。")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "没有写单位"),
        (("510105005999", "--list"), "没有编码为“510105005999”的单位"),
        (("510105005007007", "--list", "--on", "gestern"), "is not a date"),
    ],
    ids=["no unit", "unknown unit", "no date"],
)
def test_what_cannot_be_meant_is_one_clear_line(courtyard, words, said):
    done = courtyard(*words)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1
