import pytest

from onefold.settings import Settings, SettingsError, read, url_of
from tests.onefold.receivers import WEBHOOK_SECRET
from tests.stack import CODEC_KEYS, LEDGER_KEYS, WORKFLOW_ID_KEY

SMTP = {"ONEFOLD_SMTP_URL": "smtp://mail.example", "ONEFOLD_SMTP_FROM": "notices@onefold.example"}
WEBHOOK = {"ONEFOLD_WEBHOOK_URL": "https://hook.example/in", "ONEFOLD_WEBHOOK_SECRET": WEBHOOK_SECRET}


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SMTP, *WEBHOOK, "ONEFOLD_PUBLIC_URL", "ONEFOLD_HOST", "ONEFOLD_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/onefold")
    monkeypatch.setenv("ONEFOLD_WORKFLOW_ID_KEY", WORKFLOW_ID_KEY)
    monkeypatch.setenv("ONEFOLD_CODEC_KEYS", CODEC_KEYS)
    monkeypatch.setenv("ONEFOLD_LEDGER_KEYS", LEDGER_KEYS)


def given(monkeypatch: pytest.MonkeyPatch, **env: str) -> Settings:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return read(Settings)


@pytest.mark.parametrize(
    ("env", "channels"),
    [
        ({}, set()),
        (SMTP, {"email"}),
        (WEBHOOK, {"webhook"}),
        ({**SMTP, **WEBHOOK}, {"email", "webhook"}),
        (dict.fromkeys((*SMTP, *WEBHOOK), ""), set()),
    ],
)
def test_what_is_set_is_a_way_to_send_notices(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], channels: set[str]
) -> None:
    assert given(monkeypatch, **env).notice_channels == channels


@pytest.mark.parametrize("pair", [SMTP, WEBHOOK])
@pytest.mark.parametrize("missing", [0, 1])
def test_half_a_pair_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, pair: dict[str, str], missing: int) -> None:
    one, other = pair
    present = (other, one)[missing]
    with pytest.raises(SettingsError) as refusal:
        given(monkeypatch, **{present: pair[present]})
    assert str(refusal.value) == f"The settings {one} and {other} belong together: set both, or neither."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "hunter2"),
        ("SMTP_URL", "http://me:hunter2@mail.example"),
        ("SMTP_URL", "smtp://me:hunter2@mail.example:port"),
        ("SMTP_URL", "imap://me:hunter2@mail.example:143"),
        ("SMTP_URL", "smtp://me:hunter2#@mail.example"),
        ("SMTP_URL", "smtp://hunter2:25:25"),
        ("SMTP_URL", "smtp://:hunter2@"),
        ("SMTP_URL", "smtp://mail.example/hunter2"),
        ("SMTP_URL", "smtp://mail.example?hunter2"),
        ("SMTP_URL", "smtp://mail.example#hunter2"),
        ("SMTP_FROM", "hunter2"),
        ("SMTP_FROM", "hunter2@"),
        ("SMTP_FROM", "@hunter2"),
        ("SMTP_FROM", "hunter2 <hunter2@one@two>"),
        ("WEBHOOK_URL", "hunter2"),
        ("WEBHOOK_URL", "ftp://hunter2"),
        ("WEBHOOK_URL", "http://"),
        ("WEBHOOK_URL", "http://[hunter2"),
        ("WEBHOOK_SECRET", "hunter2"),
        ("WEBHOOK_SECRET", WEBHOOK_SECRET.removeprefix("whsec_")),
        ("WEBHOOK_SECRET", "whsec_hunter2"),
        ("WEBHOOK_SECRET", "whsec_" + "A" * 24),
        ("WEBHOOK_SECRET", "whsec_" + "A" * 92),
        ("WEBHOOK_SECRET", "whsec_" + "hunter2!" * 5),
        ("PUBLIC_URL", "hunter2"),
        ("PUBLIC_URL", "onefold.example/hunter2"),
    ],
)
def test_what_cannot_be_used_is_said_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        given(monkeypatch, **{**SMTP, **WEBHOOK, f"ONEFOLD_{name}": value})
    assert str(refusal.value).startswith(f"The setting ONEFOLD_{name} cannot be used: ")
    assert str(refusal.value).endswith("wanted.")
    assert "hunter2" not in str(refusal.value)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {
        "ONEFOLD_SMTP_URL": "smtp://me:hunter2@mail.example",
        "ONEFOLD_WEBHOOK_URL": "https://hook.example/hunter2",
    }
    shown = repr(given(monkeypatch, **{**SMTP, **WEBHOOK, **secret}))
    assert "hunter2" not in shown
    assert WEBHOOK_SECRET not in shown


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"ONEFOLD_HOST": "0.0.0.0", "ONEFOLD_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"ONEFOLD_PUBLIC_URL": "https://onefold.example/"}, "https://onefold.example"),
    ],
)
def test_links_lead_to_where_the_pages_are(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], url: str) -> None:
    assert given(monkeypatch, **env).pages_url == url


@pytest.mark.parametrize(
    ("host", "url"), [("::", "http://[::1]:80"), ("::2", "http://[::2]:80"), ("host.example", "http://host.example:80")]
)
def test_a_host_becomes_a_url(host: str, url: str) -> None:
    assert url_of(host, 80) == url
