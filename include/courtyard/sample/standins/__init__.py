"""Stand-ins of the departments' systems: real servers on loopback that serve the sample street.

`python -m courtyard.sample.standins --ready-file F` runs the web and SFTP servers; civil affairs is
a database of its own on a PostgreSQL server that runs already.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from courtyard.sample.standins.credentials import Credentials
from courtyard.settings import Settings

__all__ = ["connections", "load_civil_affairs", "stage_inbox"]


def connections(settings: Settings, ready: Mapping[str, str], civil_url: str | None = None) -> dict[str, str]:
    """Connection id -> Airflow connection URI of every source of the sample street.

    `ready` is what the servers wrote into their ready file (addresses without secrets), `civil_url`
    what `load_civil_affairs` returned; without it civil affairs is left out.
    """
    secret = Credentials.of(settings)
    host_key = urlencode({"host_key": secret.host_public_key})
    sftp = urlsplit(ready["sftp"]).netloc
    found = {
        "hotline": ready["hotline"].replace("http://", f"http://:{quote(secret.hotline_token, safe='')}@"),
        "resident_reports": ready["residents"],
        "grid": f"file://{quote(str(settings.inbox))}",
    }
    for login, password in secret.sftp_passwords.items():
        found[login] = f"sftp://{login}:{quote(password, safe='')}@{sftp}?{host_key}"
    if civil_url:
        found["civil_affairs"] = civil_url
    return found


def load_civil_affairs(settings: Settings, admin_url: str) -> str:
    """Put the sample's dibao register into a database of civil affairs' own; returns its reader's URI.

    Loads again only when the register's file has changed.
    """
    from courtyard.sample.standins import sqlserver

    register = settings.sample / "civil_affairs" / "dibao_ydhz.csv"
    return sqlserver.load(admin_url, register, Credentials.of(settings).civil_password)


def stage_inbox(settings: Settings, quarter: str) -> int:
    """Put the sample's workbooks of one quarter into the inbox, as the grids would.

    Returns how many; 0 when the quarter's folder is there already or the sample has none.
    """
    origin, target = settings.sample / "inbox" / quarter, settings.inbox / quarter
    if target.exists() or not origin.is_dir():
        return 0
    part = settings.inbox / f".{quarter}.{os.getpid()}.part"
    shutil.copytree(origin, part, symlinks=True)
    try:
        part.rename(target)
    except OSError:  # another process was first
        shutil.rmtree(part)
        return 0
    return sum(1 for _ in target.iterdir())
