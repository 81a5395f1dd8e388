"""Stand-ins of the departments' systems: real servers on loopback that serve the sample street.

`python -m courtyard.sample.standins --ready-file F` runs the web, SFTP and mail servers; civil affairs and
the disabled persons' federation are databases of their own on a PostgreSQL server that runs already.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from courtyard.sample.standins.credentials import OFFICE_ADDRESS, OFFICE_LOGIN, RECEIVER_LOGIN, Credentials
from courtyard.settings import Settings

__all__ = ["connections", "load_databases", "stage_inbox"]


def connections(
    settings: Settings, ready: Mapping[str, str], databases: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Connection id -> Airflow connection URI of every source of the sample street.

    `ready` is what the servers wrote into their ready file (addresses without secrets), `databases`
    what `load_databases` returned; without it the databases are left out.
    """
    secret = Credentials.of(settings)
    host_key = urlencode({"host_key": secret.host_public_key})
    sftp = urlsplit(ready["sftp"]).netloc
    found = {
        "hotline": _with_token(ready["hotline"], secret.hotline_token),
        "resident_reports": ready["residents"],
        **{name: _with_token(ready[name], secret.department_passwords[name]) for name in ("emergency", "justice")},
        "grid": f"file://{quote(str(settings.inbox))}",
    }
    for login, password in secret.sftp_passwords.items():
        found[login] = f"sftp://{login}:{quote(password, safe='')}@{sftp}?{host_key}"
    receiver = urlsplit(ready["receiver"]).netloc
    found[RECEIVER_LOGIN] = f"sftp://{RECEIVER_LOGIN}:{quote(secret.receiver_password, safe='')}@{receiver}?{host_key}"
    for conn_id, kind in (("mail", "smtp"), ("mailbox", "imap")):
        server = urlsplit(ready[kind]).netloc
        found[conn_id] = f"{kind}://{OFFICE_LOGIN}:{quote(secret.mail_password, safe='')}@{server}"
    found["mail"] += f"?{urlencode({'from_email': OFFICE_ADDRESS})}"
    found["mailbox"] += "/INBOX"
    return {**found, **(databases or {})}


def _with_token(address: str, token: str) -> str:
    return address.replace("http://", f"http://:{quote(token, safe='')}@")


def load_databases(settings: Settings, admin_url: str) -> dict[str, str]:
    """Put each register of the sample into its department's own database; returns the readers' URIs by connection id.

    A register is loaded again only when its file has changed.
    """
    from courtyard.sample.standins import sqlserver

    secret = Credentials.of(settings)
    passwords = {**secret.department_passwords, "civil_affairs": secret.civil_password}
    return {
        register.database: sqlserver.load(
            admin_url, register, settings.sample / register.file, passwords[register.database]
        )
        for register in sqlserver.REGISTERS
    }


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
