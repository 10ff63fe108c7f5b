"""What the environment says is what the settings hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from deliveries import operational, queue
from deliveries.checks import (
    statements_may_travel_together,
    there_is_time_and_somebody_to_send,
)
from deliveries.forgetting import forget_failures
from tests.settings import settings_afresh, variables_read

# (variable, what the environment says, what the setting of that name then holds)
WEBHOOKS = [
    ("WEBHOOKS_ENCRYPTION_KEYS", "k1:abc", "k1:abc"),
    ("WEBHOOKS_ALLOWED_NETWORKS", "10.0.0.0/8,::1/128", ["10.0.0.0/8", "::1/128"]),
    ("WEBHOOKS_DENIED_NETWORKS", "93.184.216.0/24", ["93.184.216.0/24"]),
    ("WEBHOOKS_NAT64", "true", True),
    ("WEBHOOKS_EGRESS_PROXY", "http://egress:4750", "http://egress:4750"),
    ("WEBHOOKS_ALLOW_HTTP", "true", True),
    ("WEBHOOKS_CA_BUNDLE", "/etc/ca.pem", "/etc/ca.pem"),
    ("WEBHOOKS_INBOX", "https://inbox.example.com", "https://inbox.example.com"),
    ("WEBHOOKS_TIMEOUT", "7.5", timedelta(seconds=7.5)),
    ("WEBHOOKS_VERIFICATION_TIMEOUT", "2", timedelta(seconds=2)),
    (
        "WEBHOOKS_RETRY_DELAYS",
        "1,0.5",
        (timedelta(seconds=1), timedelta(seconds=0.5)),
    ),
    ("WEBHOOKS_AUTO_DISABLE_AFTER", "3", 3),
    ("WEBHOOKS_DELAY_SCALE", "0.001", 0.001),
    ("WEBHOOKS_PROFILES", "shop.A,shop.B", ["shop.A", "shop.B"]),
    ("WEBHOOKS_HEADER_PREFIX", "X-Acme-", "X-Acme-"),
    ("WEBHOOKS_REQUIRE_TWO_FACTOR", "platform", "platform"),
    ("WEBHOOKS_USER_AGENT", "Acme/2", "Acme/2"),
    ("WEBHOOKS_MAX_WEBHOOKS", "7", 7),
    ("WEBHOOKS_EXPORTS_AT_ONCE", "4", 4),
    ("WEBHOOKS_RATE_PER_TOKEN", "2.5", 2.5),
    ("WEBHOOKS_RATE_PER_TENANT", "0", 0),
    ("WEBHOOKS_INGEST_RATE", "5000", 5000),
    ("WEBHOOKS_TENANTS_MAY_PUBLISH", "true", True),
    ("WEBHOOKS_TRUSTED_PROXIES", "2", 2),
    ("WEBHOOKS_CONCURRENCY", "8", 8),
    ("WEBHOOKS_IN_FLIGHT_PER_WEBHOOK", "2", 2),
    ("WEBHOOKS_INDEX_PAYLOADS", "false", False),
    ("WEBHOOKS_RETENTION_DAYS", "90", timedelta(days=90)),
    ("WEBHOOKS_PAYLOAD_RETENTION_DAYS", "7", timedelta(days=7)),
    ("WEBHOOKS_AUDIT_RETENTION_DAYS", "90", timedelta(days=90)),
    ("WEBHOOKS_RECOVERY_RATE", "2.5", 2.5),
    ("WEBHOOKS_SITE_URL", "https://hooks.example.com", "https://hooks.example.com"),
    ("WEBHOOKS_METRICS_TOKEN", "t0ken", "t0ken"),
    ("WEBHOOKS_METRICS_NETWORKS", "10.9.0.0/16", ["10.9.0.0/16"]),
    ("WEBHOOKS_TRACING", "true", True),
    ("WEBHOOKS_LOG_FORMAT", "json", "json"),
    ("WEBHOOKS_DIE_AT", "after-send:3", "after-send:3"),
]
OTHERS = [
    ("DEBUG", "false", False),
    (
        "ALLOWED_HOSTS",
        "a.example.com,b.example.com",
        ["a.example.com", "b.example.com"],
    ),
    (
        "SILENCED_SYSTEM_CHECKS",
        "subscriptions.W010",
        ["subscriptions.W010", "models.W039", "models.W040"],
    ),
    ("Q_WORKERS", "5", 5),
    ("REDIS_URL", "redis://cache:6379/1", "redis://cache:6379/1"),
]


@pytest.fixture
def settings_with(monkeypatch):
    """Read the settings afresh, in an environment that also has these variables."""

    def read(**environment):
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        return settings_afresh()

    return read


@pytest.mark.parametrize(("variable", "text", "value"), WEBHOOKS + OTHERS)
def test_a_variable_reaches_its_setting(settings_with, variable, text, value):
    assert settings_with(**{variable: text})[variable] == value


def test_each_variable_that_is_read_has_its_row_here():
    ours = {name for name in variables_read() if name.startswith("WEBHOOKS_")}

    assert ours == {variable for variable, _, _ in WEBHOOKS}


def test_the_secret_key_comes_from_the_environment(settings_with):
    assert settings_with(DJANGO_SECRET_KEY="s" * 60)["SECRET_KEY"] == "s" * 60


def test_the_database_comes_from_the_environment(settings_with):
    url = "postgres://me:pw@db.example.com:5433/hooks"

    database = settings_with(DATABASE_URL=url)["DATABASES"]["default"]

    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"]) == ("db.example.com", 5433)
    assert (database["NAME"], database["USER"]) == ("hooks", "me")


def test_an_empty_variable_is_not_set(settings_with, monkeypatch):
    """Who composes services passes on what nobody has set."""
    names = variables_read()
    for name in names:
        monkeypatch.delenv(name, raising=False)
    without = constants(settings_afresh())

    assert constants(settings_with(**dict.fromkeys(names, ""))) == without


def constants(settings):
    return {name: repr(each) for name, each in settings.items() if name.isupper()}


def test_redis_is_the_broker_when_there_is_one(settings_with):
    with_redis = settings_with(REDIS_URL="redis://cache:6379/1")["Q_CLUSTER"]
    without = settings_with(REDIS_URL="")["Q_CLUSTER"]

    assert (with_redis.get("redis"), with_redis.get("orm")) == (
        "redis://cache:6379/1",
        None,
    )
    assert (without.get("redis"), without.get("orm")) == (None, "default")


def test_the_name_of_each_task_resolves():
    texts = [text for text in vars(queue).values() if isinstance(text, str)]
    tasks = [text for text in texts if text.startswith("deliveries.tasks.")]

    assert {queue.DRAIN, queue.SWEEP} <= set(tasks)
    assert all(callable(import_string(task)) for task in tasks)


def test_what_subscriptions_publishes_by_is_ours():
    assert import_string(settings.WEBHOOKS_PUBLISH_ABOUT) is operational.publish_about


def test_whoever_forgets_for_subscriptions_is_there():
    assert import_string(settings.WEBHOOKS_FORGET_FAILURES) is forget_failures


def test_the_bell_that_subscriptions_rings_is_that_of_the_queue():
    assert import_string(settings.WEBHOOKS_WAKE_WORKERS) is queue.wake_workers


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("Q_WORKERS", 0, "Q_WORKERS must be more than 0."),
        ("WEBHOOKS_TIMEOUT", timedelta(0), "WEBHOOKS_TIMEOUT must be more than 0."),
        (
            "WEBHOOKS_RETRY_DELAYS",
            (timedelta(seconds=1), timedelta(seconds=-1)),
            "WEBHOOKS_RETRY_DELAYS must not hold a negative number.",
        ),
    ],
)
def test_a_number_that_cannot_be_stops_the_start(settings, variable, value, told):
    assert there_is_time_and_somebody_to_send() == []

    setattr(settings, variable, value)

    assert [error.msg for error in there_is_time_and_somebody_to_send()] == [told]


@pytest.mark.parametrize("said", ["true", "false", "1"])
def test_parameters_that_the_server_would_bind_stop_the_start(
    settings, settings_with, monkeypatch, said
):
    assert statements_may_travel_together() == []

    url = f"postgres://me:pw@db.example.com/hooks?server_side_binding={said}"
    read = settings_with(DATABASE_URL=url)["DATABASES"]["default"]
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", read["OPTIONS"])

    assert [error.msg for error in statements_may_travel_together()] == [
        "DATABASE_URL must not say server_side_binding: "
        "publishing sends several statements in one message."
    ]
