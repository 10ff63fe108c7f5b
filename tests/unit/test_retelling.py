"""What was stored in English is told again in the reader's language."""

from __future__ import annotations

import errno
import ssl
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import translation

from deliveries.notifications.sentences import message_of
from deliveries.pages.retelling import TEMPLATES, retold
from deliveries.policy.explanations import Ending, explain
from deliveries.policy.failure_texts import (
    BY_CLASS,
    BY_KIND,
    BY_MESSAGE,
    BY_STATUS_CODE,
)
from deliveries.policy.notification_rules import Kind
from deliveries.transport import failures
from deliveries.wire.grants import token_in
from subscriptions.verification import reason_for_refusal

HALF_A_MINUTE = timedelta(seconds=30)
REFUSED = OSError(errno.ECONNREFUSED, "no")


def told_in(language, text):
    with translation.override(language):
        return retold(text)


def in_spanish(text):
    return told_in("es", text)


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (failures.timed_out(HALF_A_MINUTE).detail, "Sin respuesta en 30 segundos."),
        (
            failures.timed_out(timedelta(seconds=1)).detail,
            "Sin respuesta en 1 segundo.",
        ),
        (
            failures.not_resolved("erp.example.com").detail,
            "No se pudo resolver el nombre de host erp.example.com.",
        ),
        (
            failures.not_resolved("erp.example.com", within=HALF_A_MINUTE).detail,
            "No se pudo resolver el nombre de host erp.example.com en 30 segundos.",
        ),
        (
            failures.not_looked_up("erp.example.com").detail,
            "No se resolvió el nombre de host erp.example.com: hay demasiadas búsquedas "
            "en curso.",
        ),
        (
            failures.not_connected(None, within=HALF_A_MINUTE).detail,
            "Sin conexión en 30 segundos.",
        ),
        (
            failures.not_connected(REFUSED, within=HALF_A_MINUTE).detail,
            "La conexión fue rechazada.",
        ),
        (failures.tls_failed(ssl.SSLError()).detail, "La negociación TLS falló."),
        (
            token_in(failures.not_connected(REFUSED, within=HALF_A_MINUTE)).detail,
            "No se pudo preguntar a su servidor de tokens. La conexión fue rechazada.",
        ),
        (
            reason_for_refusal("x", status_code=404, body=b""),
            "La respuesta tuvo el estado 404; un desafío se supera con 200.",
        ),
        (
            reason_for_refusal("x", status_code=200, body=b"[" * 65 + b"]" * 65),
            "La respuesta estaba anidada a más de 64 niveles.",
        ),
        (
            "There was no complete answer within 3 seconds.",
            "No hubo una respuesta completa en 3 segundos.",
        ),
    ],
)
def test_a_stored_sentence_is_told_in_spanish(stored, told):
    assert in_spanish(stored) == told
    assert told_in("en", stored) == stored


ERP = SimpleNamespace(name="ERP", disabled_reason="")


def rule(kind, **fields):
    given = {"comparison": "AtLeast", "metric": "Deliveries", "threshold": 10.0}
    return SimpleNamespace(kind=kind, **given | {"window_minutes": 120} | fields)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            message_of(rule(Kind.COUNT, metric="Events", window_minutes=1440), 12),
            "Coinciden 12 eventos en 1 día; la regla dice como mínimo 10.",
        ),
        (
            message_of(rule(Kind.PERCENT, comparison="AtMost"), 6.25),
            "Coincide el 6.2 % de los casos (entregas) en 2 horas; la regla dice como "
            "máximo 10 %.",
        ),
        (
            message_of(rule(Kind.PERCENT_CHANGE, window_minutes=90), 40),
            "Entregas: un cambio del +40.0 % en 90 minutos; la regla dice como mínimo "
            "10 %.",
        ),
        (
            message_of(rule(Kind.NO_SUCCESS, window_minutes=60), 7),
            "Ninguna entrega tuvo éxito en 1 hora; fallaron 7.",
        ),
        (
            message_of(rule(Kind.OLDEST_WAITING), 16),
            "La entrega más antigua ha esperado 16 minutos; la regla dice 10.",
        ),
        (
            message_of(rule(Kind.DELIVERY_GAP), 3),
            "3 entregas no llegaron en 10 minutos.",
        ),
        (
            message_of(
                rule(Kind.WEBHOOK_DISABLED),
                1,
                webhook=SimpleNamespace(name="events", disabled_reason="Gone"),
            ),
            "El webhook 'events' se desactivó: su servidor respondió 410 Gone.",
        ),
        (
            message_of(rule(Kind.FIRST_FAILURE), 1, webhook=ERP),
            "Un evento no se entregó al webhook 'ERP'.",
        ),
        # As it was written before there were words for the reason.
        (
            "The webhook 'ERP' was disabled: NotAcknowledged.",
            "El webhook 'ERP' se desactivó: NotAcknowledged.",
        ),
    ],
)
def test_what_an_incident_says_is_told_in_spanish(message, told):
    assert in_spanish(message) == told
    assert told_in("en", message) == message


@pytest.mark.parametrize("text", ["", "Somebody else's words.", "{host} and {braces}"])
def test_any_other_text_stays_as_it_is(text):
    assert in_spanish(text) == text


def test_every_template_is_translated_with_its_facts():
    for template in TEMPLATES:
        told = in_spanish(template)
        assert told != template
        assert told.count("{") == template.count("{")


CODES = (*BY_STATUS_CODE, *(100 * each + 99 for each in BY_CLASS), 204)
ENDINGS = [
    *(Ending(status="failed", host="h.example", kind=kind) for kind in BY_KIND),
    *(
        Ending(status="failed", host="h.example", kind="tls", message=message)
        for message in BY_MESSAGE
    ),
    *(Ending(status="failed", host="h.example", status_code=code) for code in CODES),
    Ending(status="skipped", host="h.example"),
    Ending(status="failed", host="h.example", kind="of tomorrow"),
    Ending(status="failed", host="h.example", status_code=401, showed_credentials=True),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=str)
def test_every_failure_is_explained_in_spanish(ending):
    english = explain(ending)

    with translation.override("es"):
        spanish = explain(ending, say=retold)
        assert explain(ending) == english

    assert spanish.what != english.what
    assert spanish.remedy != english.remedy
    assert "{" not in spanish.what + spanish.remedy
