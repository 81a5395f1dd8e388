"""Imports what every task needs once in the scheduler, whose forked workers then have it for nothing.

Great Expectations alone takes six seconds to import. LocalExecutor forks its workers from the
scheduler, and each task from a worker, so the pages are shared. Other executors and processes of
Airflow load nothing here.
"""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

MODULES = (
    "courtyard.stages",
    "pandas",
    "great_expectations",
    "openpyxl",
    "asyncssh",
    "httpx",
    "openlineage.client.client",
    "openlineage.client.transport.file",
)
log = logging.getLogger("courtyard.preload")


class PreloadListener:
    """Called as a component starts, before the executor forks its workers."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        from airflow.configuration import conf

        if sys.argv[1:2] != ["scheduler"] or conf.get("core", "executor") != "LocalExecutor":
            return
        for name in MODULES:
            try:
                importlib.import_module(name)
            except Exception as error:  # tasks import it again and say what is wrong
                log.error("%s cannot be imported: %s: %s", name, type(error).__name__, error)


class CourtyardPreloadPlugin(AirflowPlugin):
    name = "courtyard_preload"
    listeners = [PreloadListener()]  # noqa: RUF012  Airflow reads a class attribute
