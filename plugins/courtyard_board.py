"""The office's pages in Airflow's menu, for who is signed in to Airflow.

The pages themselves are `courtyard.boards`; this file says who is signed in and where they hang.
"""

from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/courtyard"


def _is_the_api_server() -> bool:
    """Only the process that serves pages pays for them: other components load plugins too."""
    import sys

    return any(word in ("api-server", "standalone") for word in sys.argv) or "gunicorn" in sys.argv[0]


def _app() -> Any:
    from airflow.api_fastapi.core_api.security import GetUserDep

    from courtyard.boards import app
    from courtyard.settings import Settings

    def signed_in(user: GetUserDep) -> str:
        return user.get_name()

    return app.build(Settings.from_env(), signed_in)


def _views() -> list[dict[str, Any]]:
    from courtyard.boards.menu import MENU

    return [
        {
            "name": page.title,
            "href": f"{PREFIX}{page.path}",
            "destination": "nav",
            "url_route": f"courtyard-{page.name}",
            "category": "数字院落",
        }
        for page in MENU
    ]


class CourtyardBoardPlugin(AirflowPlugin):
    name = "courtyard_board"
    fastapi_apps = [{"app": _app(), "url_prefix": PREFIX, "name": "数字院落"}] if _is_the_api_server() else []
    external_views = _views()
