"""What reaches Slack, against a real HTTP server."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import handler as slack
import pytest
from conftest import serving


@pytest.fixture
def channel(aws, monkeypatch):
    """Posts that arrived, and the status that the next ones get."""

    class Channel(BaseHTTPRequestHandler):
        posts: ClassVar[list[dict]] = []
        status = 200

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            type(self).posts.append(json.loads(body))
            self.send_response(type(self).status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    slack._webhook.cache_clear()
    with serving(Channel) as url:
        monkeypatch.setenv("WEBHOOK_PARAMETER", "/assay/test/slack-webhook")
        aws("ssm").put_parameter(
            Name="/assay/test/slack-webhook", Value=f"{url}/services/secret", Type="SecureString"
        )
        yield Channel


def say(message: object, subject: str | None = None) -> None:
    text = message if isinstance(message, str) else json.dumps(message)
    slack.handler({"Records": [{"Sns": {"Subject": subject, "Message": text}}]}, None)


ALARM = {
    "AlarmName": "assay-production-rds-cpu",
    "AlarmDescription": "Runbook: docs/runbooks/database.md",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 5 datapoints > 80",
}
FINDING = {
    "detail-type": "GuardDuty Finding",
    "account": "111122223333",
    "region": "us-east-1",
    "time": "2026-01-01T00:00:00Z",
    "detail": {
        "severity": 8,
        "title": "Credentials used from <!channel> & elsewhere",
        "description": "d",
    },
}


def text_of(post: dict) -> str:
    return post["attachments"][0]["blocks"][0]["text"]["text"]


def test_an_alarm_names_itself_its_reason_and_its_runbook(channel):
    say(ALARM)
    (post,) = channel.posts
    assert post["text"] == "ALARM: assay-production-rds-cpu"
    assert post["attachments"][0]["color"] == slack.COLOURS["ALARM"]
    assert "docs/runbooks/database.md" in text_of(post)
    assert "5 datapoints &gt; 80" in text_of(post)


def test_the_end_of_an_alarm_is_told_in_green(channel):
    say(ALARM | {"NewStateValue": "OK"})
    assert channel.posts[0]["attachments"][0]["color"] == slack.COLOURS["OK"]


def test_a_finding_is_told_and_cannot_mention_the_channel(channel):
    say(FINDING)
    assert "&lt;!channel&gt; &amp; elsewhere" in text_of(channel.posts[0])
    assert "<!channel>" not in text_of(channel.posts[0])


def test_a_plain_notice_passes_as_it_is(channel):
    say("the budget is spent", "Budget")
    assert channel.posts[0]["text"] == "Budget"
    assert "the budget is spent" in text_of(channel.posts[0])


@pytest.mark.parametrize("odd", ["[1, 2]", "null", '"text"', "{", "{}"])
def test_odd_messages_pass(channel, odd):
    say(odd)
    assert odd in text_of(channel.posts[0])


def test_a_long_reason_is_cut_where_slack_would_refuse_it(channel):
    say(ALARM | {"NewStateReason": "x" * 5000})
    assert len(text_of(channel.posts[0])) <= 3000


def test_every_record_is_posted(channel):
    record = {"Sns": {"Subject": None, "Message": json.dumps(ALARM)}}
    slack.handler({"Records": [record, record]}, None)
    assert len(channel.posts) == 2


def test_a_refusal_is_raised_without_the_address_and_the_address_read_anew(channel, aws):
    channel.status = 404
    with pytest.raises(OSError, match=r"^Slack answered 404$") as raised:
        say(ALARM)
    assert raised.value.__suppress_context__
    with serving_elsewhere() as (url, posts):
        aws("ssm").put_parameter(Name="/assay/test/slack-webhook", Value=url, Overwrite=True)
        say(ALARM)
    assert len(posts) == 1


@contextmanager
def serving_elsewhere():
    posts: list[bytes] = []

    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with serving(Other) as url:
        yield url, posts


def test_a_channel_that_is_away_is_raised(channel, aws):
    aws("ssm").put_parameter(
        Name="/assay/test/slack-webhook", Value="http://127.0.0.1:9/", Overwrite=True
    )
    with pytest.raises(OSError, match="refused"):
        say(ALARM)
