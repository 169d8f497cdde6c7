/**
 * One transaction for whatever a settlement holds. `counted` are the settlements that stand: those without an outcome to
 * claim, and those whose claim was the first. Claims are inserted in the order of their keys, so that two workers with
 * the same requests wait for each other and never in a circle.
 *
 * `closed`: an attempt that somebody has accounted already, who took its worker for gone, claims nothing. Its answer would
 * stand as an outcome beside which the only record of cost says that the call was lost.
 */
export const settleStatement = `WITH asked AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bytea[], $8::text[],
      $9::numeric[], $10::bigint[]) WITH ORDINALITY
      AS a (tenant_id, request_id, attempt, type, event_id, value, headers, cost_usd, tokens, place)
  ), open AS (
    SELECT a.place FROM inference_attempts t JOIN asked a
      ON t.tenant_id = a.tenant_id AND t.request_id = a.request_id AND t.attempt = a.attempt
    WHERE a.type IS NOT NULL AND t.settled_at IS NULL
    FOR UPDATE OF t
  ), closed AS (
    SELECT a.place FROM asked a WHERE a.type IS NOT NULL AND a.attempt IS NOT NULL
      AND a.place NOT IN (SELECT place FROM open)
  ), claimed AS (
    INSERT INTO inference_outcomes (tenant_id, request_id, type, event_id, value, headers, worker)
    SELECT tenant_id, request_id, type, event_id, value, headers, $1 FROM asked
    WHERE type IS NOT NULL AND place NOT IN (SELECT place FROM closed)
    ORDER BY tenant_id, request_id
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, request_id
  ), counted AS (
    SELECT a.* FROM asked a WHERE a.type IS NULL OR EXISTS (
      SELECT FROM claimed c WHERE c.tenant_id = a.tenant_id AND c.request_id = a.request_id)
  ), gone AS (
    DELETE FROM inference_attempts t USING counted c
    WHERE c.type IS NOT NULL AND t.tenant_id = c.tenant_id AND t.request_id = c.request_id
      AND (t.attempt = c.attempt OR t.settled_at IS NOT NULL)
    RETURNING c.place, t.tenant_id, t.agent_id, t.day, t.reserved_usd, t.reserved_tokens, t.settled_at IS NULL AS was_open
  ), kept AS (
    UPDATE inference_attempts t SET settled_at = clock_timestamp() FROM counted c
    WHERE c.type IS NULL AND t.tenant_id = c.tenant_id AND t.request_id = c.request_id AND t.attempt = c.attempt
      AND t.settled_at IS NULL
    RETURNING c.place, t.tenant_id, t.agent_id, t.day, t.reserved_usd, t.reserved_tokens
  ), ended AS (
    SELECT place, tenant_id, agent_id, day, reserved_usd, reserved_tokens FROM gone WHERE was_open
    UNION ALL SELECT * FROM kept
  ), spent AS (
    UPDATE inference_budgets b SET cost_usd = b.cost_usd + s.cost_usd, tokens = b.tokens + s.tokens,
      reserved_usd = b.reserved_usd - s.reserved_usd, reserved_tokens = b.reserved_tokens - s.reserved_tokens
    FROM (
      SELECT e.tenant_id, of.agent_id, e.day, sum(c.cost_usd) AS cost_usd, sum(c.tokens)::bigint AS tokens,
        sum(e.reserved_usd) AS reserved_usd, sum(e.reserved_tokens)::bigint AS reserved_tokens
      FROM ended e JOIN counted c USING (place)
        CROSS JOIN LATERAL unnest(ARRAY['', e.agent_id]) AS of (agent_id)
      WHERE e.day IS NOT NULL AND of.agent_id IS NOT NULL
      GROUP BY 1, 2, 3
    ) s
    WHERE b.tenant_id = s.tenant_id AND b.agent_id = s.agent_id AND b.day = s.day
  ), outbox AS (
    INSERT INTO inference_outbox (tenant_id, record_id, topic, key, value, headers)
    SELECT c.tenant_id, r.record_id, r.topic, r.key, r.value, r.headers
    FROM unnest($11::bigint[], $12::text[], $13::text[], $14::text[], $15::bytea[], $16::bytea[], $17::text[])
      AS r (place, record_id, kind, topic, key, value, headers) JOIN counted c USING (place)
    WHERE r.kind = 'outcome' OR EXISTS (SELECT FROM ended e WHERE e.place = r.place)
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, record_id
  )
  SELECT place, NULL AS record_id, false AS is_closed FROM counted
  UNION ALL SELECT place, NULL, true FROM closed
  UNION ALL SELECT NULL, record_id, false FROM outbox`;
