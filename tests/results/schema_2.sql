-- The results store: what a campaign asked and found, in one SQLite file.
--
-- Four kinds of facts are kept apart:
--   what was asked      trials: the resolved spec of each finished trial, its parameters as typed columns
--   what came out       results, overheads, class_ap, layer_faults: a function of the spec alone, never changed afterwards
--   how it came about   attempts, timings, environments: when, on which machine, with which code, how fast, what failed
--   what it would cost  latencies: measurements of protected networks, no trials
--
-- Scripts read the views (v_*); their names and columns are kept. The tables may change with user_version.
-- Rates, ratios and average precisions are fractions in [0, 1]. A mean may exceed 1 by a rounding: hence 1 + 1e-9.
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
    libraries    TEXT NOT NULL CHECK (libraries GLOB '{*}'), -- JSON object: name -> version
    UNIQUE (code_version, compiler, machine, system, cpu, device, libraries)
) STRICT;

-- The finished trials: one row per spec. The id is the SHA-256 of the spec.
CREATE TABLE trials (
    key               INTEGER PRIMARY KEY, -- how other tables refer to a trial inside this file
    id                TEXT NOT NULL UNIQUE
                      CONSTRAINT id_is_64_hex_digits CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'),
    spec              TEXT NOT NULL CONSTRAINT spec_is_an_object CHECK (spec GLOB '{*}'), -- canonical JSON
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
    seed              INTEGER NOT NULL,
    CONSTRAINT calibration_has_a_digest CHECK ((calibration IS NULL) = (calibration_digest IS NULL))
) STRICT;

-- Every try at a trial, finished or failed. A failed trial has no row in trials: its spec stands here.
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY,
    trial_id    TEXT NOT NULL
                CONSTRAINT id_is_64_hex_digits CHECK (length(trial_id) = 64 AND trial_id NOT GLOB '*[^0-9a-f]*'),
    manifest    TEXT NOT NULL, -- name of the manifest that asked for it
    environment INTEGER NOT NULL REFERENCES environments (id),
    outcome     TEXT NOT NULL CHECK (outcome IN ('done', 'failed')),
    finished_at TEXT NOT NULL, -- UTC, "2026-01-31T23:59:59.123Z"
    seconds     REAL CHECK (seconds >= 0), -- wall-clock; NULL: not known
    cause       TEXT,          -- of the failure
    spec        TEXT CONSTRAINT spec_is_an_object CHECK (spec GLOB '{*}'),
    CHECK ((outcome = 'failed') = (cause IS NOT NULL)),
    CHECK ((outcome = 'failed') = (spec IS NOT NULL))
) STRICT;
CREATE INDEX attempts_of_trial ON attempts (trial_id);

CREATE TABLE results (
    trial               INTEGER PRIMARY KEY REFERENCES trials (key),
    attempt             INTEGER NOT NULL UNIQUE REFERENCES attempts (id), -- that finished
    map_voc07           REAL CHECK (map_voc07 BETWEEN 0 AND 1 + 1e-9),    -- NULL: no class has an object
    map_area            REAL CHECK (map_area BETWEEN 0 AND 1 + 1e-9),
    images              INTEGER NOT NULL CHECK (images >= 0),
    n_nonfinite_outputs INTEGER NOT NULL CHECK (n_nonfinite_outputs >= 0), -- network outputs that were NaN or infinite
    n_nonfinite_faults  INTEGER NOT NULL CHECK (n_nonfinite_faults >= 0)   -- finite values that faults made NaN or infinite
) STRICT;

CREATE TABLE class_ap (
    trial    INTEGER NOT NULL REFERENCES results (trial),
    class    TEXT NOT NULL,
    ap_voc07 REAL CHECK (ap_voc07 BETWEEN 0 AND 1 + 1e-9), -- NULL: no object of the class
    ap_area  REAL CHECK (ap_area BETWEEN 0 AND 1 + 1e-9),
    objects  INTEGER NOT NULL CHECK (objects >= 0),
    PRIMARY KEY (trial, class)
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

-- A row per finished trial.
CREATE VIEW v_trials AS
SELECT t.id, a.manifest,
       t.model, t.width, t.weights, t.weights_digest, t.dataset, t.dataset_digest, t.backend, t.arithmetic,
       t.score_threshold, t.nms_iou, t.candidates, t.iou, t.type, t.bit, t.bits, t.range_low, t.range_high,
       t.weight_rate, t.feature_map_rate, t.weight_count, t.feature_map_count,
       t.weight_scope, t.feature_map_scope, t.feature_map_point, t.redraw, t.copies,
       t.method, t.ranking, t.direction, t.allocation, t.merge, t.merge_point, t.combine, t.ratio,
       t.calibration, t.calibration_digest, t.measured_images, t.seed,
       r.map_voc07, r.map_area, r.images, a.seconds, r.n_nonfinite_outputs, r.n_nonfinite_faults,
       o.weight_bytes AS copied_weight_bytes, o.feature_map_bytes AS copied_feature_map_bytes,
       o.map_bytes AS copied_map_bytes, o.macs AS added_macs, o.network_macs,
       a.finished_at, e.code_version
FROM results r
JOIN trials t ON t.key = r.trial
JOIN overheads o ON o.trial = r.trial
JOIN attempts a ON a.id = r.attempt
JOIN environments e ON e.id = a.environment;

-- A row per finished trial and class.
CREATE VIEW v_ap AS
SELECT t.id, c.class, c.ap_voc07, c.ap_area, c.objects
FROM class_ap c
JOIN trials t ON t.key = c.trial;

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
SELECT a.trial_id AS id, a.manifest, a.cause, a.finished_at AS failed_at,
       EXISTS (SELECT 1 FROM trials t WHERE t.id = a.trial_id) AS finished, e.code_version, e.machine, a.spec
FROM attempts a
JOIN environments e ON e.id = a.environment
WHERE a.outcome = 'failed';

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
