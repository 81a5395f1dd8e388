"""The contract's checks as a Great Expectations suite over one frame of staged rows.

Importing Great Expectations takes about six seconds, so it happens here, on first use, once a
process. Its results hold offending values: `run` turns them into positions before it returns,
and what it leaves for the report holds counts only.
"""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from courtyard.progress import quiet_libraries
from courtyard.validation.checks import Check

_ROWS = {"result_format": "COMPLETE", "include_unexpected_rows": False}
_FAILED = "校验规则执行出错"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """`failed` maps a check's place in the list to the positions of the rows it failed on.

    `raised` lists the checks that could not be judged: the batch must not pass (FAULTS 34).
    `result` is Great Expectations' own result with counts only, for the quality report; None when
    the validation as a whole could not run.
    """

    failed: dict[int, list[int]]
    raised: list[int]
    result: Any = None


NOTHING = Outcome({}, [])  # of a frame without rows


@lru_cache(maxsize=1)
def _gx() -> tuple[Any, Any, Any]:
    """The library, its expectations and one ephemeral context without progress bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    _load_on_use("scipy.stats")  # for distribution tests that no contract asks for; a quarter of the import
    import great_expectations
    from great_expectations import expectations

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    quiet_libraries()  # its import sets a level of its own
    gc.freeze()  # the library's objects stay as long as the process; walking them costs a fifth of each run
    return great_expectations, expectations, context


def _load_on_use(name: str) -> None:
    """Let a module load when something first looks into it, not when it is imported."""
    spec = importlib.util.find_spec(name)
    if name in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules[parent], child, module)


def run(name: str, checks: Sequence[Check], frame: pd.DataFrame) -> Outcome:
    """Validate a frame; rows are named by their position. No value leaves this function.

    First every check is asked for yes or no, then those that failed for their rows: asking all of
    them for rows takes twice as long, and gathers values that nobody wants.
    """
    context = _gx()[2]
    try:
        with _quiet():
            source = context.data_sources.add_or_update_pandas(name=name)
            asset = source.add_dataframe_asset(name=name).add_batch_definition_whole_dataframe("all")
            batch = asset.get_batch({"dataframe": frame})
            result = batch.validate(_suite(name, dict(enumerate(checks))), result_format="BOOLEAN_ONLY")
            failing = {_place(one): checks[_place(one)] for one in result.results if not one.success}
            rows = batch.validate(_suite(name, failing), result_format=_ROWS).results if failing else []
    except Exception as error:  # whatever went wrong, its text may hold values
        _log.error("%s 的校验没能运行（%s），批次暂缓。", name, type(error).__name__)
        return Outcome({}, list(range(len(checks))))
    finally:
        context.data_sources.delete(name)  # its engine keeps the frame
    return _scrubbed(result, rows, len(frame))


def _suite(name: str, checks: Mapping[int, Check]) -> Any:
    """A suite of checks, each marked with its place in the list."""
    gx, expectations, _ = _gx()
    found = []
    for place, check in checks.items():
        expectation = check.expectation(expectations)
        expectation.meta = {"check": place}
        found.append(expectation)
    return gx.ExpectationSuite(name=name, expectations=found)


def _place(one: Any) -> int:
    return one.expectation_config.meta["check"]


def _scrubbed(result: Any, rows: Sequence[Any], size: int) -> Outcome:
    """Positions out of the results; then nothing but counts is left in them."""
    found = {_place(one): one.result.get("unexpected_index_list") for one in rows}
    failed = {place: positions for place, positions in found.items() if positions}
    raised = sorted(place for place, positions in found.items() if not positions)
    for one in result.results:
        count = len(failed.get(_place(one), ()))
        one.result = {"element_count": size, "unexpected_count": count, "unexpected_percent": 100 * count / size}
        is_raised = _place(one) in raised
        one.exception_info = {"raised_exception": is_raised, "exception_message": _FAILED, "exception_traceback": ""}
        one.meta = {}
    result.meta = {}
    return Outcome(failed, raised, result)


@contextmanager
def _quiet() -> Iterator[None]:
    """The library logs and warns with the text of exceptions, which may hold values."""
    logger = logging.getLogger("great_expectations")
    was = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # its modules' loggers inherit the level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(was)
