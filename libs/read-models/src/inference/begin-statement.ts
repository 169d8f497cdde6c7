/** A worker that was heard of so lately goes on with what it has begun. Workers beat every second. */
export const alive = "interval '5 seconds'";

/**
 * Begins attempts at requests that have no outcome. What is known of each request is looked up once and by its key:
 * as `EXISTS` the same questions became joins that read every outcome there is, at each call.
 */
export const beginStatement = `WITH asked AS MATERIALIZED (
    SELECT a.tenant_id, a.request_id, a.usage, a.place,
      (SELECT true FROM inference_outcomes o
        WHERE o.tenant_id = a.tenant_id AND o.request_id = a.request_id LIMIT 1) AS is_over,
      (SELECT t.attempt FROM inference_attempts t
        WHERE t.tenant_id = a.tenant_id AND t.request_id = a.request_id ORDER BY t.attempt DESC LIMIT 1) AS last
    FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS a (tenant_id, request_id, usage, place)
  ), begun AS (
    INSERT INTO inference_attempts (tenant_id, request_id, attempt, worker, usage)
    SELECT a.tenant_id, a.request_id, coalesce(a.last, 0) + 1, $1, a.usage
    FROM asked a
    WHERE a.is_over IS NULL AND (a.last IS NULL OR (SELECT true
      FROM inference_attempts t JOIN inference_workers w USING (worker)
      WHERE t.tenant_id = a.tenant_id AND t.request_id = a.request_id AND t.worker <> $1
        AND t.settled_at IS NULL AND w.beat_at > now() - ${alive} LIMIT 1) IS NULL)
    ORDER BY a.tenant_id, a.request_id
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, request_id, attempt
  )
  SELECT a.place, b.attempt, a.is_over IS NOT NULL AS is_over
  FROM asked a LEFT JOIN begun b USING (tenant_id, request_id)`;
