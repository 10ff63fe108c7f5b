"""What operators type, and what scripts read from it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from subscriptions.models import ApiClient, EventType, SigningSecret, Subsidiary, Tenant
from subscriptions.scopes import PLATFORM_SCOPES, SCOPES
from subscriptions.sealing import parse_key_ring
from subscriptions.signing_secrets import active_keys, reveal_secret
from subscriptions.tenancy import MAX_CLIENTS_PER_TENANT
from tests.builders import make_webhook
from tests.processes import manage


@pytest.fixture
def run(capsys):
    """Run a command as a script would; its answer is standard output, stripped."""

    def call(*words):
        call_command(*words)
        return capsys.readouterr().out.strip()

    return call


def refusal_of(*words):
    with pytest.raises(CommandError) as caught:
        call_command(*words)
    assert caught.value.returncode == 1
    return str(caught.value)


# --- create_tenant ------------------------------------------------------------------


def create_tenant(*subsidiaries, code="ACME", output="json"):
    named = ("--name", "Acme Inc.", "--company-code", code, "--format", output)
    return ("create_tenant", *named, "--subsidiary", *subsidiaries)


def test_a_new_tenant_is_answered_as_json(db, run):
    answer = json.loads(run(*create_tenant("NORTH=Acme North", "SOUTH")))

    tenant = Tenant.objects.get()
    assert answer == {
        "tenant_id": tenant.public_id,
        "company_code": "ACME",
        "subsidiaries": ["NORTH", "SOUTH"],
    }
    assert tenant.name == "Acme Inc."
    assert dict(Subsidiary.objects.values_list("code", "name")) == {
        "NORTH": "Acme North",
        "SOUTH": "SOUTH",
    }


def test_subsidiaries_may_be_given_one_by_one(db, run):
    answer = run(*create_tenant("NORTH"), "--subsidiary", "SOUTH")

    assert json.loads(answer)["subsidiaries"] == ["NORTH", "SOUTH"]


def test_creating_a_tenant_again_adds_what_is_missing_and_says_so(db, capsys):
    call_command(*create_tenant("NORTH"))
    capsys.readouterr()

    call_command(*create_tenant("NORTH", "SOUTH"))

    printed = capsys.readouterr()
    assert json.loads(printed.out)["subsidiaries"] == ["NORTH", "SOUTH"]
    assert printed.err == "Added subsidiary SOUTH.\n"
    assert Tenant.objects.count() == 1


def test_creating_the_same_tenant_again_changes_nothing(db, run):
    run(*create_tenant("NORTH"))
    tenant = Tenant.objects.get()

    assert run(*create_tenant("NORTH", output="text")) == (
        f"{tenant.public_id}: Nothing was missing."
    )
    assert Subsidiary.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (create_tenant("NORTH", code=""), "company_code: This field cannot be blank."),
        (create_tenant("=North"), "code: This field cannot be blank."),
        (
            create_tenant("NORTH", "S" * 101),
            "code: Ensure this value has at most 100 characters (it has 101).",
        ),
        (
            create_tenant("NORTH", code="A" * 51),
            "company_code: Ensure this value has at most 50 characters (it has 51).",
        ),
    ],
)
def test_a_bad_tenant_is_refused_in_one_sentence(db, words, sentence):
    assert refusal_of(*words) == sentence
    assert not Tenant.objects.exists()


# --- create_api_client --------------------------------------------------------------


def create_client(*words, owner=("--company-code", "ACME"), output="json"):
    named = ("create_api_client", *owner, "--name", "ERP", "--format", output)
    return (*named, *words)


def test_a_client_gets_all_scopes_and_its_secret_once(acme, run):
    answer = json.loads(run(*create_client()))

    client = ApiClient.objects.get()
    assert set(answer) == {"client_id", "client_secret", "scopes"}
    assert answer["client_id"] == client.client_id
    assert answer["scopes"] == list(SCOPES)
    assert client.tenant == acme
    assert client.client_secret != answer["client_secret"]
    assert check_password(answer["client_secret"], client.client_secret)


def test_a_client_gets_the_scopes_it_is_given(acme, run):
    words = ("--scope", "logs:read", "webhooks:read", "--scope", "logs:read")

    answer = json.loads(run(*create_client(*words)))

    assert answer["scopes"] == ["logs:read", "webhooks:read"]
    assert ApiClient.objects.get().scopes == "logs:read webhooks:read"


def test_a_platform_client_has_no_tenant(db, run):
    answer = json.loads(run(*create_client(owner=("--platform",))))

    assert answer["scopes"] == list(PLATFORM_SCOPES)
    assert ApiClient.objects.get().tenant is None


def test_a_client_may_expire(acme, run):
    run(*create_client("--expires-in-days", "30"))

    left = ApiClient.objects.get().expires_at - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_people_read_a_client_as_text(acme, run):
    lines = run(*create_client("--scope", "logs:read", output="text")).splitlines()

    assert lines[0] == f"client_id: {ApiClient.objects.get().client_id}"
    assert lines[1].startswith("client_secret: ")
    assert lines[2] == "scopes: logs:read"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            create_client(owner=("--company-code", "NOBODY")),
            "There is no tenant with the company code 'NOBODY'.",
        ),
        (create_client("--scope", "logs:burn"), "Unknown scope: logs:burn."),
        (
            create_client("--scope", "webhooks:write", owner=("--platform",)),
            "Unknown scope: webhooks:write.",
        ),
        (create_client("--expires-in-days", "0"), "--expires-in-days is 1 to 3650."),
        (
            create_client("--name", "N" * 256),
            "name: Ensure this value has at most 255 characters (it has 256).",
        ),
        (
            ("create_api_client", "--name", "ERP"),
            "Error: one of the arguments --company-code --platform is required",
        ),
    ],
)
def test_a_bad_client_is_refused_in_one_sentence(acme, words, sentence):
    assert refusal_of(*words) == sentence
    assert not ApiClient.objects.exists()


def test_the_eleventh_client_of_a_tenant_is_refused(acme, run):
    for _ in range(MAX_CLIENTS_PER_TENANT):
        run(*create_client())

    assert refusal_of(*create_client()) == "A tenant has at most 10 API clients."
    assert ApiClient.objects.count() == MAX_CLIENTS_PER_TENANT


# --- rotate_webhook_secret ----------------------------------------------------------


def test_who_names_one_webhook_sees_its_new_secret(webhook, run):
    before = reveal_secret(webhook)

    printed = run("rotate_webhook_secret", webhook.public_id)

    after = reveal_secret(webhook)
    assert after != before
    name = f"{webhook.public_id} ACME {webhook.name}"
    assert printed.splitlines() == [f"{name} {after}", "1 rotated."]


def test_the_previous_secret_signs_until_the_grace_ends(webhook, run):
    before = reveal_secret(webhook)

    run("rotate_webhook_secret", webhook.public_id, "--grace-hours", "2")

    def signing(hours):
        keys = active_keys([webhook.pk], now=timezone.now() + timedelta(hours=hours))
        return [key.text for key in keys[webhook.pk]]

    assert signing(hours=1.9) == [reveal_secret(webhook), before]
    assert signing(hours=2.1) == [reveal_secret(webhook)]


def test_rotating_all_prints_no_secret(webhook, globex, run):
    others = make_webhook(globex)

    printed = run("rotate_webhook_secret", "--all")

    assert printed.splitlines() == [
        f"{webhook.public_id} ACME {webhook.name}",
        f"{others.public_id} GLOBEX {others.name}",
        "2 rotated.",
    ]
    assert SigningSecret.objects.current().count() == 2
    assert SigningSecret.objects.count() == 4


def test_only_secrets_older_than_that_are_rotated(webhook, acme, run):
    make_webhook(acme)
    SigningSecret.objects.filter(webhook=webhook).update(
        created_at=timezone.now() - timedelta(days=91)
    )

    first = run("rotate_webhook_secret", "--older-than", "90")
    second = run("rotate_webhook_secret", "--older-than", "90")

    assert first.splitlines()[0].startswith(webhook.public_id)
    assert first.splitlines()[1:] == ["1 rotated."]
    assert second == "0 rotated."


def test_a_webhook_without_a_secret_is_not_rotated(acme, run):
    supplier = make_webhook(acme, profile="supplierxm", events=["BU_CHASED"])

    assert run("rotate_webhook_secret", "--all") == "0 rotated."
    assert refusal_of("rotate_webhook_secret", supplier.public_id) == (
        "A webhook of the profile supplierxm has no signing secret."
    )


def test_a_deleted_webhook_is_not_rotated(webhook, run):
    webhook.deleted_at = timezone.now()
    webhook.save()

    assert run("rotate_webhook_secret", "--all") == "0 rotated."
    assert "There is no webhook" in refusal_of(
        "rotate_webhook_secret", webhook.public_id
    )


@pytest.mark.parametrize("which", ["one", "all"])
def test_a_dry_run_changes_nothing(webhook, run, which):
    before = reveal_secret(webhook)
    named = webhook.public_id if which == "one" else "--all"

    printed = run("rotate_webhook_secret", named, "--dry-run")

    line = f"{webhook.public_id} ACME {webhook.name}"
    assert printed.splitlines() == [line, "1 would be rotated."]
    assert reveal_secret(webhook) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["whk_nonsense"], "There is no webhook 'whk_nonsense'."),
        (["--all", "--grace-hours", "169"], "--grace-hours is 0 to 168."),
        (["--all", "--grace-hours", "-1"], "--grace-hours is 0 to 168."),
        (["--older-than", "-1"], "--older-than is 0 to 3650."),
        (
            [],
            "Error: one of the arguments WEBHOOK_ID --all --older-than is required",
        ),
        (
            ["--all", "--older-than", "3"],
            "Error: argument --older-than: not allowed with argument --all",
        ),
    ],
)
def test_a_bad_rotation_is_refused_in_one_sentence(webhook, words, sentence):
    before = reveal_secret(webhook)

    assert refusal_of("rotate_webhook_secret", *words) == sentence
    assert reveal_secret(webhook) == before


# --- generate_encryption_key, sync_event_types --------------------------------------


def test_a_generated_encryption_key_can_be_used(run):
    printed = run("generate_encryption_key")

    key_id, _, material = printed.partition(":")
    assert key_id.startswith(f"k{timezone.now():%Y%m%d}-")
    assert len(base64.b64decode(material)) == 32
    ring = parse_key_ring(printed)
    assert ring.unseal(ring.seal("s", context="c"), context="c") == "s"


def test_keys_generated_on_one_day_can_stand_side_by_side(run):
    newer, older = run("generate_encryption_key"), run("generate_encryption_key")

    ring = parse_key_ring(f"{newer},{older}")

    assert parse_key_ring(newer).current == ring.current
    sealed = parse_key_ring(older).seal("s", context="c")
    assert ring.unseal(sealed, context="c") == "s"


def test_a_key_can_be_generated_where_none_is_set_yet():
    done = manage("generate_encryption_key", DEBUG="false")

    assert parse_key_ring(done.stdout.strip())


def test_syncing_brings_back_a_lost_event_type(db, run):
    total = EventType.objects.count()
    EventType.objects.filter(name="tender.created").delete()

    assert run("sync_event_types") == f"{total} event types are current."
    assert EventType.objects.filter(name="tender.created").exists()


def test_a_refused_command_ends_with_exit_code_1():
    named = ("create_api_client", "--platform", "--name", "ERP")

    done = manage(*named, "--scope", "no")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "CommandError: Unknown scope: no.\n"
