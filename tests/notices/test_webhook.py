import pytest
from desk import NOON, told

from courtyard.connection import Connection
from courtyard.notices import webhook


@pytest.fixture
def groups(desk, robots):
    """One robot of each service, both at the stand-in."""
    base = f"127.0.0.1:{robots.port}"
    desk.connections["wecom_street"] = Connection.from_uri("wecom_street", f"http://{base}/cgi-bin/webhook/send?key=K")
    desk.connections["dingtalk_street"] = Connection.from_uri(
        "dingtalk_street", f"http://:SECret@{base}/robot/send?access_token=T"
    )
    return robots


def test_wecom_gets_a_text_message_at_the_robots_own_url(desk, groups):
    desk.queue(told("wecom_street", channel="wecom"))
    assert desk.send()["sent"] == 1
    assert groups.asked == [
        ("/cgi-bin/webhook/send", {"key": "K"}, {"msgtype": "text", "text": {"content": "提醒\n请报送。"}})
    ]


def test_dingtalk_gets_it_signed_where_the_connection_has_a_secret(desk, groups):
    desk.queue(told("dingtalk_street", channel="dingtalk"))
    assert desk.send()["sent"] == 1
    [(path, query, body)] = groups.asked
    assert path == "/robot/send" and body["msgtype"] == "text"
    assert query == {"access_token": "T", **webhook.signature("SECret", NOON)}


def test_the_signature_is_the_documented_one():
    """HMAC-SHA256 of "<ms>\\n<secret>" under the secret, Base64: computed with openssl."""
    assert webhook.signature("this is secret", NOON) == {
        "timestamp": "1790913600000",
        "sign": "wrx1fcWvODmoW8GMe7ew4sAtrqD89ageXyRprMGLfgw=",
    }


@pytest.mark.parametrize(
    ("code", "attempts", "told_"), [(93000, 1, "拒绝了消息"), (45009, 0, "暂时"), (503, 0, "暂时")]
)
def test_a_refusal_counts_and_a_busy_robot_is_asked_later(desk, groups, code, attempts, told_):
    groups.answer = lambda number: code if number == 1 else 0
    desk.queue(told("wecom_street", channel="wecom"))
    assert desk.send()["sent"] == 0
    [(_, is_sent, tried, error)] = desk.rows()
    assert (is_sent, tried) == (False, attempts) and told_ in error
    assert desk.send()["sent"] == 1


def test_a_busy_robot_is_left_alone_for_the_rest_of_the_run(desk, groups):
    groups.answer = lambda number: 45009
    desk.queue(*(told("wecom_street", channel="wecom", cause=f"c{n}") for n in range(5)))
    assert desk.send()["waiting"] == 5
    assert len(groups.asked) == 1


def test_a_redirect_is_not_followed(desk, groups):
    groups.answer = lambda number: 302
    desk.queue(told("wecom_street", channel="wecom"))
    assert desk.send()["sent"] == 0
    assert [path for path, _, _ in groups.asked] == ["/cgi-bin/webhook/send"]


@pytest.mark.parametrize(
    "uri",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=K",
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=K",
        "https://169.254.169.254/latest",
        "https://oapi.dingtalk.com/robot/send?access_token=T",
    ],
)
def test_only_the_services_own_host_over_https_is_asked(desk, uri):
    desk.connections["wecom_street"] = Connection.from_uri("wecom_street", uri)
    desk.queue(told("wecom_street", channel="wecom"))
    result = desk.send()
    assert result["waiting"] == 1 and "加密地址" in result["problems"][0]


def test_one_robot_down_stops_no_other_channel(desk, groups):
    desk.connections["wecom_street"] = Connection.from_uri("wecom_street", "http://127.0.0.1:1/x?key=K")
    desk.queue(told("wecom_street", channel="wecom"), told("dingtalk_street", channel="dingtalk"), told())
    result = desk.send()
    assert (result["sent"], result["waiting"], len(result["problems"])) == (2, 1, 1)
    assert "K" not in result["problems"][0].replace("ConnectError", "")


@pytest.mark.parametrize("content", ["短", "长" * 2_000])
def test_a_text_fits_the_services_bytes(content):
    short = webhook._shortened(content, 2_048)
    assert len(short.encode()) <= 2_048 and short[:1] == content[:1]
    assert short == content or short.endswith("…")
