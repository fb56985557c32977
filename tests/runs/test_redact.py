"""Secrets of known shape never reach a file; what only looks like one stays.

Every secret is made up when the test runs, so that none stands in this file.
"""

from __future__ import annotations

import base64
import json
import random
import string
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs import redact
from reportgen.runs.redact import (
    UNSCANNED,
    holds_secret,
    is_redacted,
    redact_argv,
    redact_text,
    redact_url,
    redact_value,
)

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
CHANCE = random.SystemRandom()


def made(alphabet: str, length: int) -> str:
    """Random characters with a letter and a digit among them."""
    while True:
        text = "".join(CHANCE.choice(alphabet) for _ in range(length))
        if any(map(str.isdigit, text)) and any(map(str.isalpha, text)):
            return text


def jwt() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part({'sub': made(LETTERS, 12)})}.{made(LETTERS, 43)}"


def private_key() -> str:
    lines = "\n".join(made(LETTERS + "+/", 64) for _ in range(4))
    kind = CHANCE.choice(["", "RSA ", "OPENSSH ", "EC "])
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


SHAPES: dict[str, Callable[[], str]] = {
    "aws": lambda: "AKIA" + made(string.ascii_uppercase + string.digits, 16),
    "github": lambda: "ghp_" + made(LETTERS, 36),
    "github fine": lambda: "github_pat_" + made(LETTERS, 22) + "_" + made(LETTERS, 59),
    "gitlab": lambda: "glpat-" + made(LETTERS, 20),
    "huggingface": lambda: "hf_" + made(LETTERS, 34),
    "openai": lambda: "sk-" + made(LETTERS, 48),
    "openai project": lambda: "sk-proj-" + made(LETTERS + "-_", 80) + "x1",
    "anthropic": lambda: "sk-ant-api03-" + made(LETTERS + "-_", 93) + "AA",
    "google": lambda: "AIza" + made(LETTERS, 35),
    "slack": lambda: f"xoxb-{made(string.digits + 'a', 12)}-{made(LETTERS, 24)}",
    "stripe": lambda: "sk_live_" + made(LETTERS, 24),
    "npm": lambda: "npm_" + made(LETTERS, 36),
    "pypi": lambda: "pypi-AgE" + made(LETTERS, 150),
    "jwt": jwt,
    "private key": private_key,
}
"""Secrets that are known wherever they stand."""

SECRET_IN_TEXT: dict[str, Callable[[str], str]] = {
    "wandb option": lambda secret: f"python train.py --wandb-key={secret} --lr 0.1",
    "wandb login": lambda secret: f"wandb login {secret}",
    "wandb variable": lambda secret: f"export WANDB_API_KEY={secret}",
    "gcp key id": lambda secret: f'{{"type": "service_account", "private_key_id": "{secret}"}}',
    "basic-auth url": lambda secret: f"pulling https://alice:{secret}@example.org/a.git now",
    "token-only url": lambda secret: f"origin https://{secret}@example.org/a.git (fetch)",
    "smtp url": lambda secret: f"smtp://alice%40example.org:{secret}@mail.example.org:587",
    "database url": lambda secret: f"mlflow --backend postgresql://mlflow:{secret}@db/mlflow",
    "netrc": lambda secret: f"machine api.example.org\n  login user\n  password {secret}\n",
    "netrc line": lambda secret: f"machine api.example.org login user password {secret}",
    "password": lambda secret: f"password={secret}",
    "password spaced": lambda secret: f"  db_password : '{secret}'",
    "option": lambda secret: f"train.py --token {secret} --epochs 3",
    "option equals": lambda secret: f"train.py --token={secret} --epochs 3",
    "env line": lambda secret: f"AWS_SECRET_ACCESS_KEY={secret}\nREGION=x\n",
    "json": lambda secret: json.dumps({"client_secret": secret, "n": 1}),
    "json in json": lambda secret: json.dumps(json.dumps({"apiKey": secret})),
    "python": lambda secret: f"Client(api_key='{secret}', retries=3)",
    "yaml": lambda secret: yaml.safe_dump({"smtp": {"password": secret}}),
    "header": lambda secret: f"Authorization: Bearer {secret}",
    "basic header": lambda secret: f"authorization: Basic {secret}",
    "bearer": lambda secret: f"curl -H 'X: Bearer {secret}'",
    "query": lambda secret: f"GET https://example.org/f?x=1&sig={secret}&y=2",
    "traceback": lambda secret: f'    raise Failed("access_token={secret}")',
}
"""Places that tell that a value is a secret, whatever it looks like."""

FALSE_POSITIVES = [
    "seed=1337",
    "seeds: [1, 2, 3]",
    "sk-learn==1.4",
    "sk-learn-contrib-and-its-long-name",
    "token_embedding=abc1234567890123456789",
    "max_tokens=512",
    "--max-tokens 512",
    "tokenizer: bert-base-uncased-0123456789",
    "tokenizer_file=/data/tokenizer0123456789.json",
    "pad_token=[PAD] eos_token=</s> bos_token: <s>",
    "num_tokens: 1000000007",
    "tokens/sec=12345.678",
    "token: the",
    "next token = cat",
    "password_file=/run/secrets/db",
    "secret_name: prod-db",
    "use_auth_token=True",
    "hf_token: null",
    "token=None",
    "api_key=${API_KEY}",
    "api_key: '{{ secrets.KEY }}'",
    "password=$PASSWORD",
    "--password-file=/x",
    "git@example.org:lab/digits.git",
    "ssh://git@example.org/lab/digits.git",
    "s3://bucket/key/name",
    "abfss://container@account.dfs.core.windows.net/data",
    "https://example.org/@user/package@1.2",
    "author someone@example.org",
    "keys: 12 key=value primary_key=7 sort_key: name",
    "hf_hub_download hf_config",
    "ghp_short sk-short AKIAshort xoxb-1",
    "2026-11-23T10:15:00.123Z step=12 loss=0.5",
    "passes=3 passed: 12",
    "bearer of good news",
    "Basic understanding",
]


def spread(secret: str) -> list[str]:
    """The parts of a secret that a reader could use: a key's body line by line."""
    lines = [line for line in secret.splitlines() if not line.startswith("-----")]
    return lines or [secret]


def absent(secret: str, text: str) -> bool:
    return all(part not in text for part in spread(secret))


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize(
    "place", ["{}", "said {} and went on", "x={}", '{{"a": "{}"}}', "[{}]", "\n{}\n", "é{}—"]
)
def test_a_known_shape_is_taken_out_of_text(kind: str, place: str) -> None:
    secret = SHAPES[kind]()
    text, count = redact_text(place.format(secret))
    assert absent(secret, text)
    assert count == 1
    assert is_redacted(text)
    assert "<redacted:" in text


@pytest.mark.parametrize("place", SECRET_IN_TEXT)
@pytest.mark.parametrize("alphabet", [LETTERS, HEX])
def test_a_telling_place_is_enough(place: str, alphabet: str) -> None:
    secret = made(alphabet, 40)
    text, count = redact_text(SECRET_IN_TEXT[place](secret))
    assert secret not in text
    assert count == 1


def test_hashes_and_ids_stay() -> None:
    for text in (
        f"commit {made(HEX, 40)}",
        f"commit: {made(HEX, 40)}",
        f"sha256 = {made(HEX, 64)}",
        f"md5: {made(HEX, 32)}",
        f"id={uuid.uuid4()}",
        f"wandb run {made(HEX, 40)}",
    ):
        test_what_only_looks_like_a_secret_stays(text)


@pytest.mark.parametrize("text", FALSE_POSITIVES)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert redact_text(text) == (text, 0)
    assert holds_secret(text.encode()) == []
    assert redact_argv(text.split()) == (text.split(), 0)
    assert redact_value({"note": text}) == ({"note": text}, 0)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_file_with_a_known_shape_holds_a_secret(kind: str) -> None:
    secret = SHAPES[kind]().encode()
    assert holds_secret(b"# settings\nvalue = '" + secret + b"'\n")
    assert holds_secret(b"\0\1binary\0" + secret)
    far = b"x = 1\n" * 300_000 + secret
    assert holds_secret(far)
    assert not holds_secret(b"x = 1\n" * 300_000)


@pytest.mark.parametrize("shift", [-30, -10, 0, 10])
def test_a_secret_across_the_windows_of_a_large_file_is_found(shift: int) -> None:
    before = b"\n" * ((1 << 20) + shift)
    assert holds_secret(before + SHAPES["github"]().encode() + b"\n" * 100)


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD={}",
        "password: {}",
        'password = "{}"',
        '"apiKey": "{}"',
        "client.login(password='{}')",
        "token = '{}'",
    ],
)
def test_a_literal_in_a_file_is_a_secret(line: str) -> None:
    assert holds_secret(line.format(made(LETTERS, 24)).encode()) == ["named"]


@pytest.mark.parametrize(
    "line",
    [
        "password = get_password()",
        "token = tokens[0]",
        "self.api_key = api_key",
        "api_key = os.environ['API_KEY']",
        "def login(password: str, token: str | None = None) -> None:",
        "parser.add_argument('--password', help='the password to use')",
        'password = "changeme1"',
        'password="your-password-1"',
        "password: ${PASSWORD1}",
        "secret_key = settings.SECRET_KEY2",
        "if token == 'x1y2z3': pass",
        "password_hash = hash1(password)",
    ],
)
def test_code_that_handles_secrets_is_kept_whole(line: str) -> None:
    assert holds_secret(line.encode()) == []


def test_arguments_keep_their_names() -> None:
    secret = made(LETTERS, 30)
    argv = [
        "train.py",
        "--lr",
        "0.1",
        "--token",
        secret,
        f"--api-key={secret}",
        f"db.password={secret}",
    ]
    cleaned, count = redact_argv([*argv, "--max-tokens", "512", "--token"])
    assert count == 3
    assert cleaned[:4] == ["train.py", "--lr", "0.1", "--token"]
    assert cleaned[5].startswith("--api-key=<redacted:")
    assert cleaned[6].startswith("db.password=<redacted:")
    assert cleaned[7:] == ["--max-tokens", "512", "--token"]
    assert secret not in "".join(cleaned)


def test_a_flag_after_a_secret_option_is_no_value() -> None:
    argv = ["--token", "--verbose", "1"]
    assert redact_argv(argv) == (argv, 0)


def test_nested_values_are_looked_through_and_the_original_stays() -> None:
    secret = made(LETTERS, 20)
    value = {
        "lr": 0.1,
        "on": True,
        "nothing": None,
        "mail": {"password": secret, "port": 587, "to": ["a@example.org"]},
        "credentials": {"user": "someone", "pin": 1234},
        "tokens": [secret, 5],
        "deep": [{"api_key": secret}],
        "url": f"https://me:{secret}@example.org/x",
        "model": {"max_tokens": 512, "pad_token": "[PAD]", "tokenizer": "bert"},
    }
    before = json.dumps(value)
    cleaned, count = redact_value(value)
    assert json.dumps(value) == before
    assert cleaned["mail"]["password"] == "<redacted:named>"
    assert cleaned["mail"]["port"] == 587
    assert cleaned["credentials"] == {"user": "<redacted:named>", "pin": "<redacted:named>"}
    assert cleaned["deep"] == [{"api_key": "<redacted:named>"}]
    assert cleaned["url"] == "https://<redacted:url-userinfo>@example.org/x"
    assert cleaned["model"] == value["model"]
    assert (cleaned["lr"], cleaned["on"], cleaned["nothing"]) == (0.1, True, None)
    assert count == 5


def test_a_key_may_hold_a_secret_and_tell_of_one() -> None:
    secret = SHAPES["github"]()
    cleaned, count = redact_value({secret: 1})
    assert secret not in json.dumps(cleaned)
    assert count == 1
    assert redact_value("anything at all", key="password") == ("<redacted:named>", 1)
    assert redact_value("bert", key="tokenizer") == ("bert", 0)


def test_a_yaml_block_folds_no_secret_apart() -> None:
    secret = SHAPES["anthropic"]()
    cleaned, _ = redact_value({"note": "word " * 20 + secret})
    assert secret[:20] not in yaml.safe_dump(cleaned, width=40)


@pytest.mark.parametrize(
    ("url", "kept", "changed"),
    [
        ("https://example.org/a.git", "https://example.org/a.git", False),
        ("https://u:p@example.org:8443/a?b=1#c", "https://example.org:8443/a?b=1#c", True),
        ("https://tok@example.org/a", "https://example.org/a", True),
        ("https://a@b:c@example.org/x", "https://example.org/x", True),
        ("ssh://git@example.org/a.git", "ssh://git@example.org/a.git", False),
        ("ssh://git:pw@example.org/a.git", "ssh://git@example.org/a.git", True),
        ("git@example.org:a/b.git", "git@example.org:a/b.git", False),
        ("git+https://tok@example.org/a.git", "git+https://example.org/a.git", True),
        ("https://example.org/x?a=1&token=abc&b=2", "https://example.org/x?a=1&b=2", True),
        ("/local/path@x", "/local/path@x", False),
    ],
)
def test_urls_lose_credentials_and_nothing_else(url: str, kept: str, changed: bool) -> None:
    assert redact_url(url) == (kept, changed)


def test_what_is_redacted_stays_as_it_is() -> None:
    for text in (SECRET_IN_TEXT[place](made(LETTERS, 30)) for place in SECRET_IN_TEXT):
        once, _ = redact_text(text)
        assert redact_text(once) == (once, 0)
    argv = ["--token", "<redacted:named>", "--password=<redacted:named>"]
    assert redact_argv(argv) == (argv, 0)
    assert redact_value({"password": "<redacted:named>"}) == ({"password": "<redacted:named>"}, 0)


class Unreadable:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize("value", [Unreadable(), b"bytes", {1, 2}, object])
def test_what_is_no_plain_value_is_not_written(value: Any) -> None:
    assert redact_value({"a": value}) == ({"a": UNSCANNED}, 1)
    assert redact_value([value]) == ([UNSCANNED], 1)


def test_a_redactor_that_fails_fails_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: str) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(redact, "shape_hits", fails)
    assert redact_text("anything") == (UNSCANNED, 1)
    assert redact_value({"a": "b"}) == (UNSCANNED, 1)
    assert redact_argv(["a", "b"]) == ([UNSCANNED, UNSCANNED], 2)
    assert redact_url("https://example.org") == (UNSCANNED, True)
    assert holds_secret(b"anything") == ["unscanned"]


def test_too_much_text_is_replaced_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_MAX_CHARACTERS", 100)
    assert redact_text("a" * 101) == (UNSCANNED, 1)
    assert redact_text("a" * 100) == ("a" * 100, 0)


def test_depth_without_end_is_cut() -> None:
    value: list[Any] = []
    value.append(value)
    cleaned, count = redact_value(value)
    assert count == 1
    assert UNSCANNED in json.dumps(cleaned)


@given(st.text(max_size=300))
def test_any_text_is_answered_and_a_second_look_changes_nothing(text: str) -> None:
    once, count = redact_text(text)
    assert (once == text) == (count == 0)
    assert redact_text(once)[0] == once
    assert isinstance(holds_secret(text.encode("utf-8", "surrogatepass")), list)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(sorted(SHAPES)))
def test_no_surroundings_hide_a_known_shape(before: str, after: str, kind: str) -> None:
    secret = SHAPES[kind]()
    text, _ = redact_text(f"{before} {secret} {after}")
    assert absent(secret, text)


ADVERSARIES = [
    "password=",
    "token=",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ",
    "eyJaaaaaaaaaa.",
    "login a ",
    "://",
    "x://" + "a" * 1000,
    "sk-",
    "hf_" + "a" * 29,
    "bearer " + "a" * 600,
    "authorization: ",
    "--token ",
    'password="',
    "wandb login ",
    "İ",
]


def test_every_pattern_is_linear_on_three_megabytes() -> None:
    """A quadratic pattern would take hours here; the limit only has to tell these apart."""
    program = (
        "import sys, json\n"
        "from reportgen.runs.redact import redact_text, holds_secret\n"
        "for unit in json.loads(sys.stdin.read()):\n"
        "    text = unit * ((1 << 20) // len(unit))\n"
        "    redact_text(text)\n"
        "    holds_secret(text.encode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(ADVERSARIES),
        text=True,
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
