# ruff: noqa: INP001 - Lambda takes modules from the top of a package
"""Carries what the alarm topic says to a Slack channel."""

import json
import os
import urllib.error
import urllib.request
from functools import cache
from typing import Any

import boto3

SECONDS = 5
MAX_TEXT = 2900
"""Slack refuses a section above 3000 characters."""
COLOURS = {"ALARM": "#d92d20", "OK": "#12b76a", "INSUFFICIENT_DATA": "#98a2b3"}
SEVERE = 7
"""From this severity on GuardDuty calls a finding high."""


def handler(event: dict[str, Any], _context: object) -> None:
    """Post each record of an SNS event.

    :raises OSError: Slack refused or did not answer. Lambda then calls again, and SNS after it.
    """
    for record in event["Records"]:
        _post(_attachment(record["Sns"]))


def _attachment(notice: dict[str, Any]) -> dict[str, Any]:
    message = _parsed(notice["Message"])
    if "AlarmName" in message:
        title, colour, text = _alarm(message)
    elif "detail-type" in message:
        title, colour, text = _event(message)
    else:
        title, colour, text = notice.get("Subject") or "Notice", COLOURS["OK"], notice["Message"]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"*{_plain(title)}*\n{text}"}}
    section["text"]["text"] = section["text"]["text"][:MAX_TEXT]  # type: ignore[index]
    return {"text": title, "attachments": [{"color": colour, "blocks": [section]}]}


def _parsed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _alarm(message: dict[str, Any]) -> tuple[str, str, str]:
    state = message["NewStateValue"]
    told = [message.get("AlarmDescription") or "", message.get("NewStateReason") or ""]
    return (
        f"{state}: {message['AlarmName']}",
        COLOURS.get(state, COLOURS["INSUFFICIENT_DATA"]),
        "\n".join(_plain(part) for part in told if part),
    )


def _event(message: dict[str, Any]) -> tuple[str, str, str]:
    detail = message.get("detail") or {}
    told = [
        detail.get("title") or detail.get("eventName") or "",
        detail.get("description") or "",
        f"account {message.get('account')}, {message.get('region')}, {message.get('time')}",
    ]
    severe = float(detail.get("severity") or 0) >= SEVERE
    colour = COLOURS["ALARM"] if severe else "#f79009"
    return message["detail-type"], colour, "\n".join(_plain(part) for part in told if part)


def _plain(text: str) -> str:
    """Keep what an attacker may have chosen from mentioning a channel or making a link."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def _webhook() -> str:
    found = boto3.client("ssm").get_parameter(
        Name=os.environ["WEBHOOK_PARAMETER"], WithDecryption=True
    )
    return str(found["Parameter"]["Value"])


def _post(body: dict[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310 - the address is our own parameter
        _webhook(),
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310 - as above
            pass
    except urllib.error.HTTPError as error:
        _webhook.cache_clear()  # it may have been replaced
        raise OSError(f"Slack answered {error.code}") from None  # the address is a secret
