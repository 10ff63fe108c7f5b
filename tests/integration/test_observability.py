"""The dashboard and the alerts ask for what /metrics answers."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from deliveries.engine.folding import fold
from deliveries.models import Purger
from tests.builders import make_attempt, make_delivery, make_sign_of_life
from tests.processes import ROOT

FOLDER = ROOT / "docs" / "observability"


def expressions_of_the_dashboard():
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def rules():
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return group["rules"]


def expressions_of_the_alerts():
    return [rule["expr"] for rule in rules()]


@pytest.fixture
def answered(client, webhook):
    """The names in an answer of a system in which everything has happened."""
    make_sign_of_life(timezone.now())
    make_attempt(make_delivery(webhook), status="failed", status_code=500)
    fold()
    Purger.objects.update_or_create(pk=1, defaults={"purged_at": timezone.now()})
    client.get("/livez")
    text = client.get("/metrics").content.decode()
    families = text_string_to_metric_families(text)
    return {sample.name for family in families for sample in family.samples}


@pytest.mark.parametrize(
    "expressions", [expressions_of_the_dashboard, expressions_of_the_alerts]
)
def test_each_metric_that_is_asked_for_is_answered(answered, expressions):
    named = set(re.findall(r"\bwebhooks_\w+", " ".join(expressions())))

    assert len(named) > 5
    assert named - answered == set()


def test_each_alert_has_its_own_name_a_severity_and_a_sentence():
    names = [rule["alert"] for rule in rules()]

    assert len(names) == len(set(names))
    assert {rule["labels"]["severity"] for rule in rules()} == {"critical", "warning"}
    assert all(rule["annotations"]["summary"].endswith((".", "?")) for rule in rules())
