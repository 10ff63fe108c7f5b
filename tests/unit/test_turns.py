"""Whose turn it is: tenant by tenant, then webhook by webhook."""

from __future__ import annotations

from deliveries.engine.backlog import Busy, in_turn

A, B = 1, 2


def busy(webhook_id, tenant_id):
    return Busy(webhook_id, tenant_id, "alvys", "Active", False, True, None)


def ids(webhooks):
    return [webhook.webhook_id for webhook in webhooks]


def test_a_tenant_with_many_webhooks_does_not_come_before_one_with_few():
    many = [busy(webhook_id, A) for webhook_id in range(1, 6)]

    assert ids(in_turn([*many, busy(6, B)], after=0)) == [1, 6, 2, 3, 4, 5]


def test_the_round_goes_on_after_the_webhook_that_was_served_last():
    webhooks = [busy(webhook_id, A) for webhook_id in range(1, 5)]

    assert ids(in_turn(webhooks, after=2)) == [3, 4, 1, 2]


def test_nobody_is_left_out():
    webhooks = [busy(webhook_id, webhook_id % 3) for webhook_id in range(20)]

    assert sorted(ids(in_turn(webhooks, after=7))) == list(range(20))
