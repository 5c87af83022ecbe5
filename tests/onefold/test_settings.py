import pytest

from onefold.settings import SettingsError, UpSettings, read


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "HOST", "PORT", "POSTGRES_PORT", "TEMPORAL_PORT", "TEMPORAL_UI_PORT"):
        monkeypatch.delenv(f"ONEFOLD_{name}", raising=False)
    for name in ("DATABASE_URL", "TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = read(UpSettings)
    assert (str(settings.data), settings.host, settings.port) == (".onefold", "127.0.0.1", 8080)
    assert settings.database_url is None


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFOLD_PORT", "")
    monkeypatch.setenv("DATABASE_URL", "")
    assert read(UpSettings).port == 8080
    assert read(UpSettings).database_url is None


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ONEFOLD_PORT", value)
    with pytest.raises(SettingsError, match=r"^The setting ONEFOLD_PORT cannot be used: input should be .*\.$"):
        read(UpSettings)


def test_every_bad_setting_is_named_and_none_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFOLD_PORT", "hunter2")
    monkeypatch.setenv("ONEFOLD_TEMPORAL_PORT", "hunter2")
    with pytest.raises(SettingsError) as refusal:
        read(UpSettings)
    assert "ONEFOLD_PORT" in str(refusal.value)
    assert "ONEFOLD_TEMPORAL_PORT" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
