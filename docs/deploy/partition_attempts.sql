-- Make deliveries_attempt a partitioned table (docs/scaling.md says when, and what for).
-- psql "$DATABASE_URL" -v edge=60000000 -v next=120000000 -f partition_attempts.sql
--
-- The partitions are ranges of delivery ids, which rise with time: so the unique keys
-- stay what they are. edge: an id that deliveries reach after this script has ended, say
-- tomorrow's; next: one that they reach a month later. A test runs this file.

-- Step 1, while everything runs: minutes, but nobody waits.
CREATE UNIQUE INDEX CONCURRENTLY attempt_before_key ON deliveries_attempt (id, delivery_id);
ALTER TABLE deliveries_attempt ADD CONSTRAINT attempt_before_edge
    CHECK (delivery_id >= 0 AND delivery_id < :edge) NOT VALID;
ALTER TABLE deliveries_attempt VALIDATE CONSTRAINT attempt_before_edge;

-- Step 2, a moment: no row is read or written. If it times out, run it again.
BEGIN;
SET LOCAL lock_timeout = '5s';
LOCK TABLE deliveries_attempt IN ACCESS EXCLUSIVE MODE;
ALTER TABLE deliveries_attempt RENAME TO deliveries_attempt_before;
ALTER INDEX attempt_log_counted RENAME TO attempt_log_counted_before;
ALTER INDEX one_attempt_per_claim RENAME TO one_attempt_per_claim_before;
ALTER TABLE deliveries_attempt_before DROP CONSTRAINT deliveries_attempt_pkey;
ALTER TABLE deliveries_attempt_before
    ADD CONSTRAINT attempt_before_key PRIMARY KEY USING INDEX attempt_before_key;
ALTER TABLE deliveries_attempt_before ALTER COLUMN id DROP IDENTITY;
CREATE SEQUENCE deliveries_attempt_ids;
SELECT setval('deliveries_attempt_ids',
    (SELECT coalesce(max(id), 0) + 1 FROM deliveries_attempt_before));

CREATE TABLE deliveries_attempt (LIKE deliveries_attempt_before)
    PARTITION BY RANGE (delivery_id);
ALTER TABLE deliveries_attempt
    ALTER COLUMN id SET DEFAULT nextval('deliveries_attempt_ids'),
    ADD CONSTRAINT deliveries_attempt_pkey PRIMARY KEY (id, delivery_id),
    ADD CONSTRAINT attempt_delivery FOREIGN KEY (delivery_id)
        REFERENCES deliveries_delivery (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT attempt_webhook FOREIGN KEY (webhook_id)
        REFERENCES subscriptions_webhook (id) DEFERRABLE INITIALLY DEFERRED;
CREATE UNIQUE INDEX one_attempt_per_claim ON deliveries_attempt (delivery_id, sequence)
    INCLUDE (status_code, error_kind);
CREATE INDEX attempt_log_counted ON deliveries_attempt (webhook_id, started_at DESC,
    id DESC, status, event_type, duration_ms, error_kind, is_test);
ALTER TABLE deliveries_attempt ATTACH PARTITION deliveries_attempt_before
    FOR VALUES FROM (0) TO (:edge);
CREATE TABLE deliveries_attempt_next PARTITION OF deliveries_attempt
    FOR VALUES FROM (:edge) TO (:next);
-- Should nobody add a partition in time, rows go here and nothing fails.
CREATE TABLE deliveries_attempt_rest PARTITION OF deliveries_attempt DEFAULT;
COMMIT;
