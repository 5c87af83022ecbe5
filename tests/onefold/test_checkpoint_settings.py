from pathlib import Path

import pytest

from onefold.checkpoint_settings import CheckpointSettings
from onefold.settings import Settings, SettingsError, read
from tests.onefold.receivers import WEBHOOK_SECRET

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
GIVEN = {
    "ONEFOLD_CHECKPOINT_KEY": KEY,
    "ONEFOLD_CHECKPOINT_PLACES": "/var/one, https://hook.example/hunter2 ,/var/two",
    "ONEFOLD_CHECKPOINT_WEBHOOK_SECRET": WEBHOOK_SECRET,
}


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*GIVEN, "ONEFOLD_CHECKPOINT_NAME"):
        monkeypatch.delenv(name, raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **env: str) -> CheckpointSettings:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return read(CheckpointSettings)


def test_places_are_folders_and_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **GIVEN)
    assert settings.checkpoint_folders == [Path("/var/one"), Path("/var/two")]
    assert settings.checkpoint_urls == ["https://hook.example/hunter2"]
    assert settings.checkpoint_name == "onefold"


def test_a_folder_may_have_a_comma_in_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **{**GIVEN, "ONEFOLD_CHECKPOINT_PLACES": "/a,b/one,/a,b/two"})
    assert settings.checkpoint_folders == [Path("/a,b/one"), Path("/a,b/two")]


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **dict.fromkeys(GIVEN, ""))
    assert (settings.checkpoint_key, settings.checkpoint_folders, settings.checkpoint_urls) == (None, [], [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY", "hunter2"),
        ("KEY", "aHVudGVyMg=="),
        ("NAME", "Hunter2"),
        ("NAME", "hunter2_"),
        ("NAME", "hunter2/"),
        ("NAME", "/hunter2"),
        ("NAME", "../hunter2"),
        ("NAME", "hunter2+a"),
        ("NAME", "hunter2" * 20),
        ("PLACES", "hunter2"),
        ("PLACES", ","),
        ("PLACES", "/hunter2,/hunter2/"),
        ("PLACES", "/a,ftp://hunter2"),
        ("WEBHOOK_SECRET", "whsec_hunter2"),
    ],
)
def test_what_cannot_be_used_is_said_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        given(monkeypatch, **{**GIVEN, f"ONEFOLD_CHECKPOINT_{name}": value})
    assert str(refusal.value).startswith(f"The setting ONEFOLD_CHECKPOINT_{name} cannot be used: ")
    assert "hunter2" not in str(refusal.value).lower()


@pytest.mark.parametrize("missing", ["ONEFOLD_CHECKPOINT_KEY", "ONEFOLD_CHECKPOINT_PLACES"])
def test_key_and_places_belong_together(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(SettingsError, match="belong together"):
        given(monkeypatch, **{**GIVEN, missing: ""})


def test_a_url_needs_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="needs ONEFOLD_CHECKPOINT_WEBHOOK_SECRET"):
        given(monkeypatch, **{**GIVEN, "ONEFOLD_CHECKPOINT_WEBHOOK_SECRET": ""})


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = repr(given(monkeypatch, **GIVEN))
    assert "hunter2" not in shown
    assert KEY not in shown


def test_the_api_does_not_read_the_key_that_signs() -> None:
    assert not set(CheckpointSettings.model_fields) & set(Settings.model_fields)
