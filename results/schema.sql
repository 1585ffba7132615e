-- The results store: what a campaign asked and found, in one SQLite file.
--
-- Five kinds of facts are kept apart:
--   what was wanted     campaigns, planned: manifests, and the trials that they ask for
--   what was asked      trials, cells: the resolved spec of each finished trial, its parameters as typed columns
--   what came out       results, overheads, class_ap, layer_faults: a function of the spec alone, never changed afterwards
--   how it came about   runs, attempts, timings, environments, canaries: when, on which machine, with which code, how
--                       fast, what failed
--   what it would cost  latencies: measurements of protected networks, no trials
-- digests and score_digests vouch for what belongs to a trial and for channel scores: `ftdn verify` computes them again.
--
-- Scripts read the views (v_*); their names and columns are kept. The tables may change with user_version.
-- Rates, ratios and average precisions are fractions in [0, 1]. A mean may exceed 1 by a rounding: hence 1 + 1e-9.
-- A store must have these statements, word for word with the comments in them, and no others (results/schema_check.h).
-- application_id is the text "FTDN", user_version the number of this schema; both are
-- set in the transaction that creates the tables.

-- What a result was made with, beside its spec: one row per distinct content.
CREATE TABLE environments (
    id           INTEGER PRIMARY KEY,
    code_version TEXT NOT NULL, -- "0.1.0+g1a2b3c4", "+dirty" where the tree had changes
    compiler     TEXT NOT NULL,
    machine      TEXT NOT NULL, -- host name
    system       TEXT NOT NULL, -- kernel and architecture
    cpu          TEXT NOT NULL,
    device       TEXT NOT NULL, -- of the backend
    driver       TEXT NOT NULL, -- of the device; "" on the CPU
    libraries    TEXT NOT NULL CHECK (libraries GLOB '{*}'), -- JSON object: name -> version
    UNIQUE (code_version, compiler, machine, system, cpu, device, driver, libraries)
) STRICT;

-- The manifests that runs were started with: one row per distinct content.
CREATE TABLE campaigns (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL, -- of the manifest
    digest      TEXT NOT NULL UNIQUE
                CONSTRAINT digest_is_64_hex_digits CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'), -- SHA-256
    manifest    TEXT NOT NULL CONSTRAINT manifest_is_an_object CHECK (manifest GLOB '{*}'), -- resolved, canonical JSON
    description TEXT NOT NULL,
    path        TEXT NOT NULL, -- as given
    added_at    TEXT NOT NULL  -- UTC
) STRICT;

-- One call of `ftdn run`: a scheduler and its workers.
CREATE TABLE runs (
    id                INTEGER PRIMARY KEY,
    mark              TEXT NOT NULL UNIQUE, -- random: tells the run from all others, in any file
    campaign          INTEGER NOT NULL REFERENCES campaigns (id),
    environment       INTEGER NOT NULL REFERENCES environments (id),
    started_at        TEXT NOT NULL, -- UTC
    ended_at          TEXT,          -- NULL: it goes on, or was killed
    outcome           TEXT CHECK (outcome IN ('finished', 'interrupted', 'failed', 'out of time', 'migrated')),
    workers           INTEGER CHECK (workers > 0), -- NULL, as threads and pid: migrated, not known
    threads           INTEGER CHECK (threads > 0), -- of all workers
    pid               INTEGER,
    shard             TEXT,                        -- "2/5"; NULL: all trials
    n_wanted          INTEGER NOT NULL CHECK (n_wanted >= 0), -- trials that the store lacked at its start
    seconds_estimated REAL CHECK (seconds_estimated >= 0),    -- for these; NULL: not estimated
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
) STRICT;

-- The trials that the sweeps of a campaign ask for, finished or not.
CREATE TABLE planned (
    campaign INTEGER NOT NULL REFERENCES campaigns (id),
    sweep    TEXT NOT NULL,
    trial_id TEXT NOT NULL
             CONSTRAINT id_is_64_hex_digits CHECK (length(trial_id) = 64 AND trial_id NOT GLOB '*[^0-9a-f]*'),
    position INTEGER NOT NULL CHECK (position >= 0), -- order within the sweep
    label    TEXT NOT NULL,                          -- the trial in words
    PRIMARY KEY (campaign, sweep, trial_id)
) STRICT, WITHOUT ROWID;

-- What trials have in common that differ in their seed alone. weights, dataset and calibration are what the first of them
-- called them: their digests are what counts.
CREATE TABLE cells (
    key               INTEGER PRIMARY KEY, -- how other tables refer to a cell inside this file
    id                TEXT NOT NULL UNIQUE -- SHA-256 of the spec without its seed
                      CONSTRAINT cell_is_64_hex_digits CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'),
    model             TEXT NOT NULL,
    width             REAL NOT NULL CHECK (width > 0),  -- multiplier of the channels
    weights           TEXT NOT NULL,                    -- as the manifest names them
    weights_digest    TEXT NOT NULL,
    dataset           TEXT NOT NULL,                    -- a description
    dataset_digest    TEXT NOT NULL,
    backend           TEXT NOT NULL,
    arithmetic        TEXT NOT NULL,                    -- what the bits depend on: "f32 direct avx512"
    score_threshold   REAL NOT NULL,                    -- of a detection
    nms_iou           REAL NOT NULL CHECK (nms_iou BETWEEN 0 AND 1),
    candidates        INTEGER NOT NULL CHECK (candidates > 0), -- per class, into non-maximum suppression
    iou               REAL NOT NULL CHECK (iou BETWEEN 0 AND 1), -- of a detection that counts as right
    type              TEXT NOT NULL,                    -- of the faults
    bit               INTEGER CHECK (bit BETWEEN 0 AND 31), -- NULL where none is given
    bits              TEXT,                             -- NULL where the type has none, or a bit is given
    range_low         REAL,                             -- NULL where no range is given
    range_high        REAL CHECK (range_high >= range_low),
    weight_rate       REAL NOT NULL CHECK (weight_rate BETWEEN 0 AND 1),
    feature_map_rate  REAL NOT NULL CHECK (feature_map_rate BETWEEN 0 AND 1),
    weight_count      INTEGER NOT NULL CHECK (weight_count >= 0), -- above 0: exactly so many faults, and the rate is 0
    feature_map_count INTEGER NOT NULL CHECK (feature_map_count >= 0), -- in each image
    weight_scope      TEXT NOT NULL,                    -- a name, or a JSON list of layer-name globs
    feature_map_scope TEXT NOT NULL,
    feature_map_point TEXT NOT NULL,
    redraw            TEXT NOT NULL,
    copies            TEXT NOT NULL,
    method            TEXT NOT NULL,                    -- of the protection; what it has no use for is NULL in all below
    ranking           TEXT,
    direction         TEXT,                             -- of ranking weight_sum
    allocation        TEXT,
    merge             TEXT,
    merge_point       TEXT,
    combine           TEXT,
    ratio             REAL CHECK (ratio BETWEEN 0 AND 1),
    calibration       TEXT,                             -- a description of the images that ranking or clip read
    calibration_digest TEXT,
    measured_images   INTEGER CHECK (measured_images > 0), -- of these, what ranking measured reads
    CONSTRAINT calibration_has_a_digest CHECK ((calibration IS NULL) = (calibration_digest IS NULL))
) STRICT;

-- The finished trials: one row per spec. The id is the SHA-256 of the spec.
CREATE TABLE trials (
    key  INTEGER PRIMARY KEY, -- how other tables refer to a trial inside this file
    id   TEXT NOT NULL UNIQUE
         CONSTRAINT id_is_64_hex_digits CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'),
    cell INTEGER NOT NULL REFERENCES cells (key),
    seed INTEGER NOT NULL,
    spec TEXT NOT NULL CONSTRAINT spec_is_an_object CHECK (spec GLOB '{*}'), -- canonical JSON
    UNIQUE (cell, seed)
) STRICT;

-- Every try at a trial. Where it is not done, the trial may have no row in trials: its spec stands here.
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY,
    trial_id    TEXT NOT NULL
                CONSTRAINT id_is_64_hex_digits CHECK (length(trial_id) = 64 AND trial_id NOT GLOB '*[^0-9a-f]*'),
    campaign    INTEGER NOT NULL REFERENCES campaigns (id), -- that asked for it
    run         INTEGER NOT NULL REFERENCES runs (id),
    worker      INTEGER NOT NULL CHECK (worker >= 0),       -- of the run, from 0
    environment INTEGER NOT NULL REFERENCES environments (id),
    outcome     TEXT NOT NULL -- withdrawn: it was done, and its worker then failed the golden canary; dropped: stopped
                CHECK (outcome IN ('done', 'failed', 'crashed', 'hung', 'device', 'withdrawn', 'dropped')),
    confirmed   TEXT NOT NULL CHECK (confirmed IN ('no', 'yes')), -- the worker has passed the golden canary afterwards;
                                                                  -- words, so that no flipped bit turns one into the other
    finished_at TEXT NOT NULL, -- UTC, "2026-01-31T23:59:59.123Z"
    seconds     REAL CHECK (seconds >= 0), -- wall-clock; NULL: not known
    cause       TEXT,          -- of the failure
    spec        TEXT CONSTRAINT spec_is_an_object CHECK (spec GLOB '{*}'),
    CHECK ((outcome = 'done') = (cause IS NULL)),
    CHECK ((outcome = 'done') = (spec IS NULL))
) STRICT;
CREATE INDEX attempts_of_trial ON attempts (trial_id);
CREATE INDEX unconfirmed_attempts ON attempts (run, worker) WHERE outcome = 'done' AND confirmed = 'no';

CREATE TABLE results (
    trial               INTEGER PRIMARY KEY REFERENCES trials (key),
    attempt             INTEGER NOT NULL UNIQUE REFERENCES attempts (id), -- that finished
    map_voc07           REAL CHECK (map_voc07 BETWEEN 0 AND 1 + 1e-9),    -- NULL: no class has an object
    map_area            REAL CHECK (map_area BETWEEN 0 AND 1 + 1e-9),
    images              INTEGER NOT NULL CHECK (images >= 0),
    n_nonfinite_outputs INTEGER NOT NULL CHECK (n_nonfinite_outputs >= 0), -- network outputs that were NaN or infinite
    n_nonfinite_faults  INTEGER NOT NULL CHECK (n_nonfinite_faults >= 0)   -- finite values that faults made NaN or infinite
) STRICT;

-- Ordered by cell and class: means over seeds are read in one go.
CREATE TABLE class_ap (
    cell     INTEGER NOT NULL,
    class    TEXT NOT NULL,
    seed     INTEGER NOT NULL,
    ap_voc07 REAL CHECK (ap_voc07 BETWEEN 0 AND 1 + 1e-9), -- NULL: no object of the class
    ap_area  REAL CHECK (ap_area BETWEEN 0 AND 1 + 1e-9),
    objects  INTEGER NOT NULL CHECK (objects >= 0),
    PRIMARY KEY (cell, class, seed),
    FOREIGN KEY (cell, seed) REFERENCES trials (cell, seed)
) STRICT, WITHOUT ROWID;

-- What the trial's protection adds to its network, for one image; 0 without a protection.
CREATE TABLE overheads (
    trial             INTEGER PRIMARY KEY REFERENCES results (trial),
    weight_bytes      INTEGER NOT NULL CHECK (weight_bytes >= 0),      -- stored copies of filters
    feature_map_bytes INTEGER NOT NULL CHECK (feature_map_bytes >= 0), -- maps of the copied channels of feature layers
    map_bytes         INTEGER NOT NULL CHECK (map_bytes >= 0),         -- all maps that only the protection makes
    macs              INTEGER NOT NULL CHECK (macs >= 0),              -- multiply-accumulates of convolutions
    merge_values      INTEGER NOT NULL CHECK (merge_values >= 0),      -- values merged or clipped; weights once per draw
    network_macs      INTEGER NOT NULL CHECK (network_macs >= 0)       -- of the network without protection
) STRICT;

-- Faults asked for and faults done, layer by layer and copy by copy.
CREATE TABLE layer_faults (
    trial          INTEGER NOT NULL REFERENCES results (trial),
    layer          TEXT NOT NULL,
    location       TEXT NOT NULL CHECK (location IN ('weights', 'feature_map')),
    copy           INTEGER NOT NULL CHECK (copy BETWEEN 0 AND 2), -- 0: the original; 1, 2: stored copies of channels
    position       INTEGER NOT NULL CHECK (position >= 0), -- order of the trial's rows: that of the network
    elements       INTEGER NOT NULL CHECK (elements >= 0), -- that could be hit
    requested_rate REAL NOT NULL CHECK (requested_rate BETWEEN 0 AND 1), -- for a count: what is expected of an element,
                                                           -- count / elements of all originals of the location
    faults         INTEGER NOT NULL CHECK (faults BETWEEN 0 AND elements), -- elements hit
    changed        INTEGER NOT NULL CHECK (changed BETWEEN 0 AND faults),  -- of these, with another value afterwards
    PRIMARY KEY (trial, layer, location, copy)
) STRICT, WITHOUT ROWID;

CREATE TABLE timings (
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    stage   TEXT NOT NULL,
    seconds REAL NOT NULL CHECK (seconds >= 0), -- summed over threads; stage "total": wall-clock
    PRIMARY KEY (attempt, stage)
) STRICT, WITHOUT ROWID;

-- What vouches for a trial, computed from the rows of the other tables (results/digests.c): SHA-256.
CREATE TABLE digests (
    trial      INTEGER PRIMARY KEY REFERENCES results (trial),
    result     TEXT NOT NULL, -- of the trial, its cell, result, overhead, classes, faults
    provenance TEXT NOT NULL  -- of the attempt (confirmed excepted), its timings, campaign, run and environment
) STRICT;

-- Golden canaries: what an evaluation of a clean network must give again, bit for bit.
CREATE TABLE canaries (
    key         TEXT PRIMARY KEY, -- SHA-256 of what is evaluated
    digest      TEXT NOT NULL,    -- of what came out first
    environment INTEGER NOT NULL REFERENCES environments (id), -- that it came out in
    added_at    TEXT NOT NULL,    -- UTC
    seal        TEXT              -- SHA-256 of key, digest and time; NULL only within the transaction that adds it
) STRICT, WITHOUT ROWID;

-- Results are never changed, and leave the store with a withdrawn attempt only.
CREATE TRIGGER trials_are_never_changed BEFORE UPDATE ON trials
BEGIN SELECT RAISE(ABORT, 'trials are never changed'); END;
CREATE TRIGGER cells_are_never_changed BEFORE UPDATE ON cells
BEGIN SELECT RAISE(ABORT, 'cells are never changed'); END;
CREATE TRIGGER results_are_never_changed BEFORE UPDATE ON results
BEGIN SELECT RAISE(ABORT, 'results are never changed'); END;
CREATE TRIGGER overheads_are_never_changed BEFORE UPDATE ON overheads
BEGIN SELECT RAISE(ABORT, 'overheads are never changed'); END;
CREATE TRIGGER class_ap_is_never_changed BEFORE UPDATE ON class_ap
BEGIN SELECT RAISE(ABORT, 'class_ap is never changed'); END;
CREATE TRIGGER layer_faults_are_never_changed BEFORE UPDATE ON layer_faults
BEGIN SELECT RAISE(ABORT, 'layer_faults are never changed'); END;
CREATE TRIGGER digests_are_never_changed BEFORE UPDATE ON digests
BEGIN SELECT RAISE(ABORT, 'digests are never changed'); END;

CREATE TRIGGER cells_stay BEFORE DELETE ON cells
BEGIN SELECT RAISE(ABORT, 'cells are never deleted'); END;
CREATE TRIGGER trials_stay BEFORE DELETE ON trials
WHEN NOT EXISTS (SELECT 1 FROM attempts WHERE trial_id = OLD.id AND outcome = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'trials are never deleted'); END;
CREATE TRIGGER results_stay BEFORE DELETE ON results
WHEN NOT EXISTS (SELECT 1 FROM attempts WHERE id = OLD.attempt AND outcome = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'results are never deleted'); END;
CREATE TRIGGER overheads_stay BEFORE DELETE ON overheads
WHEN NOT EXISTS (SELECT 1 FROM results r JOIN attempts a ON a.id = r.attempt
                 WHERE r.trial = OLD.trial AND a.outcome = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'overheads are never deleted'); END;
CREATE TRIGGER class_ap_stays BEFORE DELETE ON class_ap
WHEN NOT EXISTS (SELECT 1 FROM trials t JOIN results r ON r.trial = t.key JOIN attempts a ON a.id = r.attempt
                 WHERE t.cell = OLD.cell AND t.seed = OLD.seed AND a.outcome = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'class_ap is never deleted'); END;
CREATE TRIGGER layer_faults_stay BEFORE DELETE ON layer_faults
WHEN NOT EXISTS (SELECT 1 FROM results r JOIN attempts a ON a.id = r.attempt
                 WHERE r.trial = OLD.trial AND a.outcome = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'layer_faults are never deleted'); END;
CREATE TRIGGER digests_stay BEFORE DELETE ON digests
WHEN NOT EXISTS (SELECT 1 FROM results r JOIN attempts a ON a.id = r.attempt
                 WHERE r.trial = OLD.trial AND a.outcome = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'digests are never deleted'); END;

-- A row per finished trial.
CREATE VIEW v_trials AS
SELECT t.id, p.name AS manifest,
       c.model, c.width, c.weights, c.weights_digest, c.dataset, c.dataset_digest, c.backend, c.arithmetic,
       c.score_threshold, c.nms_iou, c.candidates, c.iou, c.type, c.bit, c.bits, c.range_low, c.range_high,
       c.weight_rate, c.feature_map_rate, c.weight_count, c.feature_map_count,
       c.weight_scope, c.feature_map_scope, c.feature_map_point, c.redraw, c.copies,
       c.method, c.ranking, c.direction, c.allocation, c.merge, c.merge_point, c.combine, c.ratio,
       c.calibration, c.calibration_digest, c.measured_images, t.seed,
       r.map_voc07, r.map_area, r.images, a.seconds, r.n_nonfinite_outputs, r.n_nonfinite_faults,
       o.weight_bytes AS copied_weight_bytes, o.feature_map_bytes AS copied_feature_map_bytes,
       o.map_bytes AS copied_map_bytes, o.macs AS added_macs, o.network_macs,
       a.finished_at, e.code_version
FROM results r
JOIN trials t ON t.key = r.trial
JOIN cells c ON c.key = t.cell
JOIN overheads o ON o.trial = r.trial
JOIN attempts a ON a.id = r.attempt
JOIN campaigns p ON p.id = a.campaign
JOIN environments e ON e.id = a.environment;

-- A row per finished trial and class.
CREATE VIEW v_ap AS
SELECT t.id, c.class, c.ap_voc07, c.ap_area, c.objects
FROM class_ap c
JOIN trials t ON t.cell = c.cell AND t.seed = c.seed;

-- A row per finished trial, layer, location ('weights' or 'feature_map') and copy. observed_rate: NULL without elements.
CREATE VIEW v_faults AS
SELECT t.id, f.layer, f.location, f.copy, f.requested_rate, CAST(f.faults AS REAL) / f.elements AS observed_rate,
       f.elements, f.faults, f.changed, f.position
FROM layer_faults f
JOIN trials t ON t.key = f.trial;

-- A row per finished trial and stage.
CREATE VIEW v_timings AS
SELECT t.id, s.stage, s.seconds
FROM timings s
JOIN results r ON r.attempt = s.attempt
JOIN trials t ON t.key = r.trial;

-- A row per failed attempt. finished: 1 where another attempt at the same trial is in v_trials.
CREATE VIEW v_failures AS
SELECT a.trial_id AS id, p.name AS manifest, a.cause, a.finished_at AS failed_at,
       EXISTS (SELECT 1 FROM trials t WHERE t.id = a.trial_id) AS finished, e.code_version, e.machine, a.spec
FROM attempts a
JOIN campaigns p ON p.id = a.campaign
JOIN environments e ON e.id = a.environment
WHERE a.outcome IN ('failed', 'crashed', 'hung', 'device');

-- A row per attempt of any outcome. confirmed: 1 where its worker passed the golden canary afterwards.
CREATE VIEW v_attempts AS
SELECT a.trial_id AS id, p.name AS manifest, a.run, a.worker, a.outcome, a.confirmed = 'yes' AS confirmed, a.finished_at,
       a.seconds, a.cause, e.code_version, e.machine, e.cpu, e.device, e.driver, e.libraries
FROM attempts a
JOIN campaigns p ON p.id = a.campaign
JOIN environments e ON e.id = a.environment;

-- A row per run. n_failed: attempts that failed, crashed, hung or met a device error.
CREATE VIEW v_runs AS
SELECT u.id, p.name AS manifest, u.started_at, u.ended_at, u.outcome, u.workers, u.threads, u.shard, u.n_wanted,
       ifnull(n.n_done, 0) AS n_done, ifnull(n.n_failed, 0) AS n_failed, ifnull(n.n_withdrawn, 0) AS n_withdrawn,
       u.seconds_estimated, u.pid, e.code_version, e.machine, e.device
FROM runs u
JOIN campaigns p ON p.id = u.campaign
JOIN environments e ON e.id = u.environment
LEFT JOIN (SELECT run, count(*) FILTER (WHERE outcome = 'done') AS n_done,
                  count(*) FILTER (WHERE outcome IN ('failed', 'crashed', 'hung', 'device')) AS n_failed,
                  count(*) FILTER (WHERE outcome = 'withdrawn') AS n_withdrawn
           FROM attempts GROUP BY run) n ON n.run = u.id;

-- A row per trial that a sweep asks for and the store lacks.
CREATE VIEW v_missing AS
SELECT p.name AS manifest, w.sweep, w.trial_id AS id, w.label
FROM planned w
JOIN campaigns p ON p.id = w.campaign
WHERE NOT EXISTS (SELECT 1 FROM trials t WHERE t.id = w.trial_id);

-- A row per campaign. planned, finished: trials, those of several sweeps once.
CREATE VIEW v_campaigns AS
SELECT p.name AS manifest, p.description, p.path, p.digest, p.added_at,
       (SELECT count(DISTINCT w.trial_id) FROM planned w WHERE w.campaign = p.id) AS planned,
       (SELECT count(DISTINCT w.trial_id) FROM planned w JOIN trials t ON t.id = w.trial_id
        WHERE w.campaign = p.id) AS finished
FROM campaigns p;

-- Channel scores, kept so that they are computed once: a row per key, which is all that determines them.
CREATE TABLE rankings (
    id                 INTEGER PRIMARY KEY,
    model              TEXT NOT NULL,
    width              REAL NOT NULL CHECK (width > 0),
    weights_digest     TEXT NOT NULL,
    calibration_digest TEXT,             -- NULL: no images are read
    ranker             TEXT NOT NULL,
    parameters         TEXT NOT NULL CHECK (parameters GLOB '{*}'), -- of the ranker: canonical JSON
    backend            TEXT,             -- NULL: the network is not run; so is arithmetic
    arithmetic         TEXT,
    semantics          INTEGER NOT NULL, -- of specs, when the scores were computed
    code_version       TEXT NOT NULL,    -- that computed the first of them
    seconds            REAL NOT NULL CHECK (seconds >= 0), -- that this took
    created_at         TEXT NOT NULL,    -- UTC
    CHECK ((backend IS NULL) = (arithmetic IS NULL))
) STRICT;
CREATE UNIQUE INDEX key_of_ranking ON rankings (
    model, width, weights_digest, ifnull(calibration_digest, ''), ranker, parameters, ifnull(backend, ''),
    ifnull(arithmetic, ''), semantics
);

CREATE TABLE channel_scores (
    ranking INTEGER NOT NULL REFERENCES rankings (id),
    layer   TEXT NOT NULL,
    channel INTEGER NOT NULL CHECK (channel >= 0),
    score   REAL NOT NULL CONSTRAINT score_is_finite CHECK (abs(score) <= 1.7976931348623157e308),
    PRIMARY KEY (ranking, layer, channel)
) STRICT, WITHOUT ROWID;

-- What vouches for the scores of a layer, computed from the ranking's key and the scores: SHA-256.
CREATE TABLE score_digests (
    ranking INTEGER NOT NULL REFERENCES rankings (id),
    layer   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    PRIMARY KEY (ranking, layer)
) STRICT, WITHOUT ROWID;

-- A row per ranking, layer and channel. rank: 1 is the layer's best; equal scores by channel.
CREATE VIEW v_scores AS
SELECT r.ranker, r.parameters, s.layer, s.channel, s.score,
       row_number() OVER (PARTITION BY s.ranking, s.layer ORDER BY s.score DESC, s.channel) AS rank,
       r.model, r.width, r.weights_digest, r.calibration_digest, r.backend, r.arithmetic, r.seconds, r.created_at,
       r.code_version
FROM channel_scores s
JOIN rankings r ON r.id = s.ranking;

-- What protections cost: measurements of `ftdn bench overhead`, no trials. Rows of one run have one measured_at.
-- Times are those of one image through the network, without detection.
CREATE TABLE latencies (
    id                     INTEGER PRIMARY KEY,
    measured_at            TEXT NOT NULL, -- UTC, "2026-01-31T23:59:59Z"
    environment            INTEGER NOT NULL REFERENCES environments (id),
    model                  TEXT NOT NULL,
    width                  REAL NOT NULL CHECK (width > 0),
    weights                TEXT NOT NULL,
    weights_digest         TEXT NOT NULL,
    method                 TEXT NOT NULL, -- "none": the original network
    ranking                TEXT,          -- NULL where the method has none; so are merge and ratio
    merge                  TEXT,
    ratio                  REAL CHECK (ratio BETWEEN 0 AND 1),
    backend                TEXT NOT NULL,
    arithmetic             TEXT NOT NULL,
    threads                INTEGER NOT NULL CHECK (threads > 0),
    images                 INTEGER NOT NULL CHECK (images > 0),   -- different ones, in turn
    warmup                 INTEGER NOT NULL CHECK (warmup >= 0),  -- passes that were not measured
    repeats                INTEGER NOT NULL CHECK (repeats > 0),  -- passes that were
    median_s               REAL NOT NULL CHECK (median_s >= q1_s),
    q1_s                   REAL NOT NULL CHECK (q1_s >= min_s),   -- quartiles
    q3_s                   REAL NOT NULL CHECK (q3_s >= median_s),
    min_s                  REAL NOT NULL CHECK (min_s >= 0),
    slowdown               REAL NOT NULL CHECK (slowdown >= 0),   -- median quotient with the original's pass of the same turn
    weight_bytes           INTEGER NOT NULL CHECK (weight_bytes >= 0),      -- that the protection adds, by its graph
    feature_map_bytes      INTEGER NOT NULL CHECK (feature_map_bytes >= 0), -- of copied channels of feature layers, one image
    map_bytes              INTEGER NOT NULL CHECK (map_bytes >= feature_map_bytes), -- of all maps that it adds
    macs                   INTEGER NOT NULL CHECK (macs >= 0),              -- multiply-accumulates that it adds, one image
    allocated_weight_bytes INTEGER NOT NULL CHECK (allocated_weight_bytes >= 0), -- held for all weights and copies
    allocated_map_bytes    INTEGER NOT NULL CHECK (allocated_map_bytes >= 0), -- for all maps of an image, no memory used twice
    peak_map_bytes         INTEGER NOT NULL CHECK (peak_map_bytes >= 0)       -- for the maps that live at the same time
) STRICT;

-- A row per run of `ftdn bench overhead`, network and method.
CREATE VIEW v_overheads AS
SELECT l.id, l.measured_at, l.model, l.width, l.weights, l.weights_digest, l.method, l.ranking, l.merge, l.ratio,
       l.backend, l.arithmetic, l.threads, l.images, l.warmup, l.repeats, l.median_s, l.q1_s, l.q3_s, l.min_s,
       l.slowdown, l.weight_bytes, l.feature_map_bytes, l.map_bytes, l.macs, l.allocated_weight_bytes,
       l.allocated_map_bytes, l.peak_map_bytes, e.code_version, e.machine, e.cpu, e.device
FROM latencies l
JOIN environments e ON e.id = l.environment;
