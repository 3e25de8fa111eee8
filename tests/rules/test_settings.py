"""Settings: from the environment or files, malformed ones in one list, and a secret that is nobody else's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sales_campaigns.errors import Invalid
from sales_campaigns.settings import read_settings, settings_or_exit, with_secret

SECRET = "only for the tests, and long enough"


def test_it_reads_a_setting_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    assert read_settings({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == SECRET


@pytest.mark.parametrize(
    ("given", "outward"),
    [
        ({}, ""),
        (
            {"TRACKING_URL": "https://go.north.example"},
            "",
        ),  # nothing leads back to a service that nobody can reach
        ({"PUBLIC_URL": "https://us.example"}, "https://us.example"),
        (
            {"PUBLIC_URL": "https://us.example", "TRACKING_URL": "https://go.us.example"},
            "https://go.us.example",
        ),
    ],
)
def test_links_and_pixels_stand_on_a_domain_of_ones_own(given: dict[str, str], outward: str) -> None:
    assert read_settings({"SECRET_KEY": SECRET, **given}).outward_url == outward


def test_it_lists_every_malformed_setting_at_once() -> None:
    wrong = {"SECRET_KEY": "short", "PORT": "many", "PUBLIC_URL": "ftp://x", "DATABASE_URL": "mysql://x"}
    with pytest.raises(Invalid) as refused:
        read_settings(wrong)
    assert refused.value.problems.keys() == wrong.keys()


def test_it_never_prints_a_secret_it_refuses() -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"SECRET_KEY": "hunter2"})
    assert "hunter2" not in refused.value.words


def test_it_makes_a_secret_once_that_only_its_owner_reads(tmp_path: Path) -> None:
    first = read_settings(with_secret({"DATA_DIR": str(tmp_path)})).secret_key
    again = read_settings(with_secret({"DATA_DIR": str(tmp_path)})).secret_key
    assert first == again and len(first) > 40
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_it_refuses_to_start_without_a_secret_where_machines_must_share_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="SECRET_KEY: is not set"):
        settings_or_exit({"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://somewhere/db"})


PEM = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_key_that_signs_mail_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_text(PEM)
    given = {"DKIM_DOMAIN": "North.example", "DKIM_SELECTOR": "s1"}
    settings = read_settings({"SECRET_KEY": SECRET, "DKIM_KEY_FILE": str(tmp_path / "dkim.pem"), **given})
    assert (settings.dkim_domain, settings.dkim_key) == ("north.example", PEM.strip())


@pytest.mark.parametrize(
    ("given", "name", "words"),
    [
        ({"DKIM_KEY": "hunter2"}, "DKIM_KEY", "must be a private key in PEM"),
        ({"DKIM_KEY": PEM, "DKIM_DOMAIN": "north.example"}, "DKIM_KEY", "set all three, or none"),
        ({"DKIM_DOMAIN": "north.example", "DKIM_SELECTOR": "s1"}, "DKIM_KEY", "set all three, or none"),
        ({"DKIM_SELECTOR": "two words"}, "DKIM_SELECTOR", "must be a name"),
        ({"BOUNCE_ADDRESS": "bounces@north.example"}, "BOUNCE_ADDRESS", "with one * before the @"),
        ({"BOUNCE_ADDRESS": "b+*@*.example"}, "BOUNCE_ADDRESS", "with one * before the @"),
        ({"BOUNCE_ADDRESS": f"{'b' * 41}*@north.example"}, "BOUNCE_ADDRESS", "with one * before the @"),
    ],
)
def test_what_mails_should_bear_is_refused_in_words_where_it_cannot_be(
    given: dict[str, str], name: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"SECRET_KEY": SECRET, **given})
    assert words in refused.value.problems[name] and "hunter2" not in refused.value.words


TOPIC, SUBSCRIPTION = "projects/ours/topics/gmail", "projects/ours/subscriptions/sales"


@pytest.mark.parametrize(
    ("topic", "subscription", "refused"),
    [
        (TOPIC, SUBSCRIPTION, set()),
        ("gmail", SUBSCRIPTION, {"GOOGLE_PUBSUB_TOPIC"}),
        (TOPIC, "", {"GOOGLE_PUBSUB_SUBSCRIPTION"}),
        ("", SUBSCRIPTION, {"GOOGLE_PUBSUB_SUBSCRIPTION"}),
        (TOPIC, TOPIC, {"GOOGLE_PUBSUB_SUBSCRIPTION"}),
        (SUBSCRIPTION, SUBSCRIPTION, {"GOOGLE_PUBSUB_SUBSCRIPTION"}),
        (TOPIC, f"{SUBSCRIPTION} ", {"GOOGLE_PUBSUB_SUBSCRIPTION"}),
    ],
)
def test_a_topic_and_its_subscription_go_together(topic: str, subscription: str, refused: set[str]) -> None:
    given = {"GOOGLE_PUBSUB_TOPIC": topic, "GOOGLE_PUBSUB_SUBSCRIPTION": subscription}
    try:
        read_settings({"SECRET_KEY": SECRET, **given})
    except Invalid as error:
        assert error.problems.keys() == refused
    else:
        assert not refused
