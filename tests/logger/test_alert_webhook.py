"""Alerts posted to a real server on loopback: what arrives, what is tried again and told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from reportgen.errors import UnavailableError, UsageError
from reportgen.logger import alert_delivery, alert_webhook
from reportgen.logger.alert_sinks import Alert
from reportgen.logger.alert_webhook import alert_by_webhook, message_of
from reportgen.logger.alerts import AlertWatcher
from reportgen.logger.context import RunContext

SECRET = "/services/T00000000/B00000000/tokenthatmustnotbewritten"
ALERT = Alert(1.7e9, "error", "train/loss is NaN", "it will not <recover> & go on", "a-run", 12)


class Chat(ThreadingHTTPServer):
    """A chat server that answers with what it was told to, 200 when told nothing more."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[int] = []
        self.got: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{SECRET}"


class Handler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        code = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(code)
        if code in (301, 302, 307):
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST  # noqa: N815 - the name that http.server looks for

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setattr(alert_delivery, "_PAUSES", (0.0, 0.0))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Chat()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_alert_arrives_in_slacks_format(chat: Chat) -> None:
    alert_by_webhook(chat.url, headers={"Authorization": "Bearer x"}).send(ALERT)
    ((path, headers, body),) = chat.got
    assert path == SECRET
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer x"
    assert body == {
        "text": "[error] train/loss is NaN (run a-run, step 12)\n"
        "it will not &lt;recover&gt; &amp; go on"
    }


def test_only_what_is_serious_enough_is_sent(chat: Chat) -> None:
    sink = alert_by_webhook(chat.url)
    for level in ("info", "warning", "error"):
        sink.send(Alert(0.0, level, level, "", "a"))
    alert_by_webhook(chat.url, level="info").send(Alert(0.0, "info", "hello", "", "a"))
    assert [body["text"].split()[0] for _, _, body in chat.got] == [
        "[warning]",
        "[error]",
        "[info]",
    ]


@pytest.mark.parametrize("answers", [[503], [429, 500], [408]])
def test_a_server_out_of_order_is_asked_again(chat: Chat, answers: list[int]) -> None:
    chat.answers = list(answers)
    alert_by_webhook(chat.url).send(ALERT)
    assert len(chat.got) == len(answers) + 1


def test_after_three_times_it_is_given_up(chat: Chat) -> None:
    chat.answers = [500, 502, 503, 504]
    with pytest.raises(OSError, match="the server answered 503"):
        alert_by_webhook(chat.url).send(ALERT)
    assert chat.answers == [504]


@pytest.mark.parametrize("code", [400, 403, 404, 302, 307])
def test_a_refusal_is_final_and_no_redirect_is_followed(chat: Chat, code: int) -> None:
    chat.answers = [code]
    with pytest.raises(UnavailableError, match=f"the server answered {code}"):
        alert_by_webhook(chat.url).send(ALERT)
    assert [path for path, _, _ in chat.got] == [SECRET]


def test_no_fault_tells_the_address(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_webhook, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(OSError, match="in time") as told:
            alert_by_webhook(f"http://127.0.0.1:{port}{SECRET}").send(ALERT)
        assert told.value.__cause__ is None
    with pytest.raises(OSError, match="refused"):
        alert_by_webhook(f"http://127.0.0.1:{port}{SECRET}").send(ALERT)
    with pytest.raises(OSError, match=r"no connection|wrong|protocol|record"):
        alert_by_webhook(chat.url.replace("http:", "https:")).send(ALERT)
    assert SECRET not in repr(alert_by_webhook(chat.url))


@pytest.mark.parametrize(
    "url",
    [
        *("", None, "hooks.example.org/x", "file:///etc/passwd", "ftp://example.org/x", "http://"),
        *(
            "https://me:password@example.org/x",
            "http://example.org/a b",
            "http://[/x",
            "http://x\n",
        ),
    ],
)
def test_what_is_no_address_is_refused_unshown(url: Any) -> None:
    with pytest.raises(UsageError) as refused:
        alert_by_webhook(url)
    assert not url or url not in str(refused.value)


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="info, warning, error"):
        alert_by_webhook("http://example.org/x", level="loud")  # type: ignore[arg-type]


def test_a_long_text_is_cut_and_a_title_stays_one_line() -> None:
    text = message_of(Alert(0.0, "info", "a\nb", "x" * 9000, "run"))
    assert text.splitlines()[0] == "[info] a b (run run)"
    assert len(text) == 3000


def test_a_run_delivers_beside_the_training_and_writes_no_address(
    chat: Chat, context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    chat.answers = [200, 404]
    watcher = AlertWatcher(context, [], [alert_by_webhook(chat.url)])
    watcher.start()
    watcher.alert("first", "text", "error")
    watcher.alert("second", "text", "error")
    watcher.stop()
    assert [body["text"].split("(")[0] for _, _, body in chat.got] == [
        "[error] first ",
        "[error] second ",
    ]
    assert context.run.dropped == {"alerts by webhook": 1}
    assert any("alerts by webhook: the server answered 404" in text for text in caplog.messages)
    written = b"".join(path.read_bytes() for path in context.folder.iterdir())
    assert SECRET.encode() not in written
    assert SECRET not in caplog.text
