#include "results/query_sql.h"

/* Attempts that ended without a result, and not because the user stopped them. */
#define HAS_FAILED "outcome IN ('failed', 'crashed', 'hung', 'device')"

/* Trials of a cell have the same rows in the same positions, but for the faults: what is equal is read once a cell. */
const char ftdn_sql_rates[] =
    "WITH tally AS (SELECT t.cell AS of_cell, f.position AS at, count(*) AS trials, sum(f.faults) AS faults, "
    "sum(f.changed) AS changed FROM trials t CROSS JOIN layer_faults f ON f.trial = t.key GROUP BY t.cell, "
    "f.position), "
    "first AS (SELECT cell, min(key) AS trial FROM trials GROUP BY cell) "
    "SELECT model, location, layer, copy, requested_rate, CAST(sum(tally.faults) AS REAL) / sum(elements * trials) "
    "AS observed_rate, sum(trials) AS trials, sum(elements * trials) AS elements, sum(tally.faults) AS faults, "
    "sum(tally.changed) AS changed FROM tally CROSS JOIN first ON first.cell = of_cell "
    "CROSS JOIN layer_faults f ON f.trial = first.trial AND f.position = at CROSS JOIN cells ON key = of_cell "
    "GROUP BY model, width, type, location, requested_rate, layer, copy "
    "ORDER BY model, width, type, location, requested_rate, copy, min(position)";

const char ftdn_sql_timings[] =
    "WITH kind AS (SELECT key, model, backend, dense_rank() OVER (ORDER BY model, backend) AS kind FROM cells), "
    "ran AS MATERIALIZED (SELECT r.attempt, r.images, a.campaign, k.kind FROM results r CROSS JOIN attempts a "
    "ON a.id = r.attempt CROSS JOIN trials t ON t.key = r.trial JOIN kind k ON k.key = t.cell), "
    "spent AS (SELECT ran.campaign, ran.kind, stage, count(*) AS trials, avg(s.seconds) AS mean_seconds, "
    "min(s.seconds) AS min_seconds, max(s.seconds) AS max_seconds, 1000 * sum(s.seconds) / sum(images) AS ms_per_image "
    "FROM ran CROSS JOIN timings s ON s.attempt = ran.attempt GROUP BY ran.campaign, ran.kind, stage) "
    "SELECT p.name AS manifest, model, backend, stage, trials, mean_seconds, min_seconds, max_seconds, ms_per_image "
    "FROM spent JOIN campaigns p ON p.id = campaign JOIN (SELECT DISTINCT kind, model, backend FROM kind) USING (kind) "
    "WHERE p.name GLOB :manifest "
    "ORDER BY manifest, campaign, model, backend, mean_seconds DESC";

const char ftdn_sql_failures[] =
    "SELECT p.name AS manifest, outcome, cause, count(*) AS attempts, count(DISTINCT trial_id) AS trials, "
    "count(DISTINCT CASE WHEN t.key IS NULL THEN trial_id END) AS unfinished, max(finished_at) AS last_at "
    "FROM attempts a JOIN campaigns p ON p.id = a.campaign LEFT JOIN trials t ON t.id = a.trial_id "
    "WHERE " HAS_FAILED " AND p.name GLOB :manifest GROUP BY p.name, outcome, cause "
    "ORDER BY attempts DESC, manifest, outcome, cause";

const char ftdn_sql_attempts[] =
    "SELECT p.name AS manifest, a.outcome, count(*) AS attempts, count(DISTINCT a.trial_id) AS trials, "
    "sum(a.seconds) AS seconds, min(a.finished_at) AS first_at, max(a.finished_at) AS last_at "
    "FROM attempts a JOIN campaigns p ON p.id = a.campaign WHERE p.name GLOB :manifest GROUP BY p.name, a.outcome "
    "ORDER BY manifest, attempts DESC, a.outcome";

const char ftdn_sql_runs[] = "SELECT * FROM v_runs WHERE manifest GLOB :manifest ORDER BY started_at, id";

const char ftdn_sql_unconfirmed[] =
    "SELECT a.trial_id AS id, p.name AS manifest, a.run, a.worker, a.finished_at, e.machine, e.device "
    "FROM attempts a JOIN campaigns p ON p.id = a.campaign JOIN environments e ON e.id = a.environment "
    "WHERE a.outcome = 'done' AND a.confirmed = 'no' AND p.name GLOB :manifest ORDER BY a.run, a.worker, a.id";

const char ftdn_sql_sweeps[] =
    "SELECT p.name AS manifest, w.sweep, count(*) AS planned, count(t.key) AS finished, count(*) - count(t.key) AS "
    "missing, "
    "max(p.added_at) AS added_at "
    "FROM planned w JOIN campaigns p ON p.id = w.campaign LEFT JOIN trials t ON t.id = w.trial_id "
    "WHERE p.name GLOB :manifest GROUP BY w.campaign, w.sweep ORDER BY manifest, added_at, w.sweep";

const char ftdn_sql_missing[] =
    "SELECT p.name AS manifest, w.sweep, w.trial_id AS id, w.label, (SELECT count(*) FROM attempts a "
    "WHERE a.trial_id = w.trial_id AND " HAS_FAILED ") AS failures, (SELECT a.cause FROM attempts a "
    "WHERE a.trial_id = w.trial_id AND " HAS_FAILED " ORDER BY a.id DESC LIMIT 1) AS last_cause "
    "FROM planned w JOIN campaigns p ON p.id = w.campaign WHERE p.name GLOB :manifest AND w.sweep GLOB :sweep "
    "AND NOT EXISTS (SELECT 1 FROM trials t WHERE t.id = w.trial_id) ORDER BY p.name, p.id, w.sweep, w.position";

const char ftdn_sql_history[] =
    "SELECT e.code_version, p.name AS manifest, count(*) AS trials, min(a.finished_at) AS first_at, "
    "max(a.finished_at) AS last_at, avg(r.map_voc07) AS mean_map_voc07, avg(a.seconds) AS mean_seconds, "
    "1000 * sum(a.seconds) / sum(r.images) AS ms_per_image "
    "FROM results r CROSS JOIN attempts a ON a.id = r.attempt JOIN environments e ON e.id = a.environment "
    "JOIN campaigns p ON p.id = a.campaign WHERE p.name GLOB :manifest GROUP BY e.code_version, p.name "
    "ORDER BY first_at, e.code_version, manifest";

const char ftdn_sql_environments[] =
    "SELECT e.code_version, e.compiler, e.machine, e.system, e.cpu, e.device, e.driver, e.libraries, "
    "count(a.id) FILTER (WHERE a.outcome = 'done') AS done, count(a.id) FILTER (WHERE " HAS_FAILED ") AS failed "
    "FROM environments e LEFT JOIN attempts a ON a.environment = e.id GROUP BY e.id ORDER BY e.id";

/* A path is quoted for the shell. */
const char ftdn_sql_repeat[] =
    "SELECT t.id, p.name AS manifest, t.seed, r.map_voc07, 'ftdn replay ''' || "
    "replace((SELECT file FROM pragma_database_list WHERE name = 'main'), '''', '''\\''''') || "
    "''' ' || t.id || ' --verify' AS command FROM trials t CROSS JOIN results r ON r.trial = t.key "
    "CROSS JOIN attempts a ON a.id = r.attempt JOIN campaigns p ON p.id = a.campaign "
    "WHERE t.id >= lower(:trial) AND t.id < lower(:trial) || 'g' AND p.name GLOB :manifest ORDER BY t.id";

const char ftdn_sql_manifests[] = "SELECT name AS manifest, description, path, digest, added_at, manifest AS resolved "
                                  "FROM campaigns WHERE name GLOB :manifest ORDER BY added_at, name, digest";
