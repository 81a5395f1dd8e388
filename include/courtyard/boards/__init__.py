"""The office's pages beside Airflow's own: one map, the quarter, reports, the desk, cases, burden, backfills.

Server-rendered, in Chinese, without a request to the internet. The plugin mounts `app.build` in Airflow's menu.
"""
