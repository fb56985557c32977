"""What a secret looks like: one table of token shapes, and which names hold secrets.

Every pattern is linear: it starts with a literal, and every repeat is bounded, possessive, or
over characters that cannot start another match. The shapes are those that their issuers document
(prefix, alphabet, length); a secret of no known shape is found only by the name it stands beside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Literal

Certainty = Literal["sure", "bare", "likely"]
"""How far a name alone says that its value is a secret.

``sure``: any value (``password``, ``api_key``). ``bare``: any value where a person named an
option or a key so, but in running text only one that looks random (``token``). ``likely``: only
a value that looks random (``next_token``).
"""


@dataclass(frozen=True)
class Shape:
    """A secret that is known by its own form.

    Attributes:
        name: The rule's name, as it stands in ``<redacted:NAME>``.
        starts: Lower-case literals; the pattern is tried only where one of them stands.
        expression: The pattern as text: most processes meet no secret and compile none.
    """

    name: str
    starts: tuple[str, ...]
    expression: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches from the literal; group 1 is the secret, or the whole without a group."""
        return re.compile(self.expression)


def _shape(name: str, starts: str, expression: str) -> Shape:
    return Shape(name, tuple(starts.split("|")), expression)


_WORD = r"(?<![A-Za-z0-9])"

SHAPES: tuple[Shape, ...] = (
    _shape(
        "private-key",
        "-----begin ",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,12}-----"
        r"(?:[^-]|-(?!----)){0,16384}+(?:-----END [A-Z0-9 ]{0,60}-----)?",
    ),
    _shape(
        "aws-access-key",
        "akia|asia|abia|acca",
        _WORD + r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    _shape("github-token", "ghp_|gho_|ghu_|ghs_|ghr_", _WORD + r"gh._[A-Za-z0-9]{30,255}+"),
    _shape("github-token", "github_pat_", _WORD + r"github_pat_[A-Za-z0-9_]{22,255}+"),
    _shape("gitlab-token", "glpat-|gldt-|glrt-", _WORD + r"gl(?:pa|d|r)t-[A-Za-z0-9_-]{20,255}+"),
    _shape("huggingface-token", "hf_", _WORD + r"hf_[A-Za-z0-9]{30,255}+"),
    _shape("huggingface-token", "api_org_", _WORD + r"api_org_[A-Za-z0-9]{30,255}+"),
    _shape(
        "model-provider-key",
        "sk-",
        _WORD + r"sk-(?:(?:ant|proj|svcacct|admin|or|lf)-[A-Za-z0-9_-]{16,512}+"
        r"|[A-Za-z0-9]{32,255}+)",
    ),
    _shape(
        "stripe-key",
        "sk_live_|sk_test_|rk_live_|rk_test_",
        _WORD + r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}+",
    ),
    _shape("wandb-key", "wandb_v1_", _WORD + r"wandb_v1_[A-Za-z0-9_]{20,255}+"),
    _shape(
        "wandb-key",
        "wandb",
        r"wandb[ \t]{1,4}login(?:[ \t]{1,4}--?[\w-]{1,40}(?:=\S{1,100})?){0,4}"
        r"[ \t]{1,4}([0-9A-Za-z_-]{40,160}+)",
    ),
    _shape("google-key", "aiza", _WORD + r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _shape("google-key", "gocspx-", _WORD + r"GOCSPX-[A-Za-z0-9_-]{20,255}+"),
    _shape("google-token", "ya29.", _WORD + r"ya29\.[A-Za-z0-9_.-]{20,2048}+"),
    _shape(
        "slack-token",
        "xox|xapp-",
        _WORD + r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,255}+",
    ),
    _shape(
        "webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,255}+)",
    ),
    _shape("webhook", "/api/webhooks/", r"/api/webhooks/([0-9]{5,30}/[A-Za-z0-9_-]{20,255}+)"),
    _shape("npm-token", "npm_", _WORD + r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _shape("pypi-token", "pypi-age", _WORD + r"pypi-AgE[A-Za-z0-9_-]{40,512}+"),
    _shape(
        "jwt",
        "eyj",
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,8192}+\.eyJ[A-Za-z0-9_-]{8,8192}+"
        r"\.[A-Za-z0-9_-]{8,8192}+",
    ),
    _shape(
        "netrc",
        "login|machine",
        r"(?:login|machine)\s{1,8}\S{1,255}\s{1,8}"
        r"(?:(?:login|account)\s{1,8}\S{1,255}\s{1,8}){0,2}password\s{1,8}(\S{1,1024})",
    ),
    _shape(
        "authorization",
        "authorization",
        r"\w{13}[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
        r"(?:[A-Za-z]{1,12}[ \t]{1,4})?([A-Za-z0-9._~+/=:-]{8,4096}+)",
    ),
    _shape(
        "authorization",
        "bearer",
        r"\w{6}[ \t]{1,4}((?=[A-Za-z._~+/=-]{0,512}+[0-9])[A-Za-z0-9._~+/=-]{16,4096}+)",
    ),
)
"""Shapes in the order in which they are tried; the first that takes a character keeps it."""

USERINFO = re.compile(r"://([^\s/?#\"'<>]{1,1024})@")
"""User and password of a URL, up to the last @ of its authority."""

SCHEME_BEFORE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}$")

NAMES_A_USER_ONLY = frozenset(
    [
        "ssh",
        "git+ssh",
        "ssh+git",
        "sftp",
        "scp",
        "rsync",
        "svn+ssh",
        "hg+ssh",
        "abfs",
        "abfss",
        "wasb",
        "wasbs",
    ]
)
"""Schemes whose userinfo, without a password, is a login name or a container and no secret."""

TELLING_WORDS = ("pass", "pwd", "secret", "token", "credential", "jwt", "sig", "key")
"""Lower-case words, of which each name that :func:`certainty` knows holds one."""

NAME_END = re.compile(
    r"[A-Za-z0-9_.-]{1,48}+[\\\"'\]]{0,4}+[ \t]{0,4}+(?:=>|:=|=(?!=)|:(?!:|//))[ \t]{0,4}+"
)
"""From the telling word of a name to where its value begins."""

OPTION = re.compile(r"--([A-Za-z][A-Za-z0-9_.-]{0,60}+)[ \t]{1,4}+(?=[^\s-])")
"""An option whose value is the next word."""

VALUE_CHARACTERS = 96

VALUE = re.compile(
    r"[bBrRuUfF]{0,2}\\?\"([^\"\\\n]{1,96})|[bBrRuUfF]{0,2}\\?'([^'\\\n]{1,96})"
    r"|([^\s\"'`,;&<>(){}\[\]|\\]{1,96}+)"
)
"""The beginning of a value: within double quotes, within single quotes, or bare."""

REST_OF_VALUE = (
    re.compile(r'[^"\\\n]*+'),
    re.compile(r"[^'\\\n]*+"),
    re.compile(r"[^\s\"'`,;&<>|]*+"),
)
"""What may follow the beginning of a value, by its group."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset(
    (
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "secret",
        "secrets",
        "apikey",
        "credential",
        "credentials",
    )
)
_DESCRIBES = frozenset(
    (
        "file",
        "files",
        "path",
        "dir",
        "folder",
        "name",
        "names",
        "env",
        "var",
        "variable",
        "length",
        "len",
        "size",
        "count",
        "type",
        "field",
        "column",
        "policy",
        "prompt",
        "required",
        "enabled",
        "ttl",
        "expiry",
        "expires",
        "expiration",
        "hint",
        "format",
        "prefix",
        "url",
        "uri",
        "endpoint",
        "host",
        "manager",
        "store",
        "provider",
        "helper",
        "version",
    )
)
"""Last words of names that say something about a secret without being one."""

_OWNERS_OF_KEYS = frozenset(
    (
        "api",
        "access",
        "secret",
        "private",
        "account",
        "signing",
        "encryption",
        "master",
        "service",
        "ssh",
        "subscription",
        "shared",
        "license",
        "deploy",
        "auth",
        "app",
        "client",
        "wandb",
        "openai",
        "anthropic",
        "comet",
        "neptune",
        "huggingface",
        "hf",
        "github",
        "gitlab",
        "aws",
        "azure",
        "google",
        "gcp",
        "sas",
        "storage",
        "admin",
    )
)
_OWNERS_OF_TOKENS = frozenset(
    (
        "auth",
        "authentication",
        "access",
        "api",
        "refresh",
        "bearer",
        "session",
        "hf",
        "hub",
        "huggingface",
        "github",
        "gh",
        "gitlab",
        "gl",
        "wandb",
        "slack",
        "csrf",
        "xsrf",
        "secret",
        "security",
        "aws",
        "personal",
        "registry",
        "npm",
        "pypi",
        "neptune",
        "comet",
        "mlflow",
        "clearml",
        "service",
        "login",
        "oauth",
        "jwt",
        "job",
        "deploy",
        "private",
        "push",
        "publish",
        "telegram",
        "discord",
        "openai",
        "anthropic",
        "replicate",
    )
)


@lru_cache(maxsize=4096)
def certainty(name: str) -> Certainty | None:
    """Tell whether something called ``name`` is a secret.

    Words are taken apart at case changes and at everything that is no letter, so
    ``max_tokens``, ``tokenizer``, ``token_embedding`` and ``password_file`` are none.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _DESCRIBES:
        return None
    if _SECRET_WORDS & set(words) or (words[-1] == "pwd" and len(words) > 1):
        return "sure"
    if _names_a_key(words):
        return "sure"
    if words[-1] in ("token", "jwt", "sig", "signature", "authorization"):
        return _certainty_of_token(words)
    return None


def _names_a_key(words: list[str]) -> bool:
    """``api_key``, ``wandbKey``, ``private_key_id``: an owner, "key", and one word more at most."""
    pairs = list(pairwise(words))[-2:]
    return any(first in _OWNERS_OF_KEYS and second in ("key", "keys") for first, second in pairs)


def _certainty_of_token(words: list[str]) -> Certainty:
    if len(words) == 1:
        return "bare"
    return "sure" if words[-1] == "token" and words[-2] in _OWNERS_OF_TOKENS else "likely"
