-- A store of 100,000 trials: 2,000 cells of 50 seeds, 20 classes each, 13 layers (one in a quarter of the cells).
-- Made by SQL alone: its digests are none, and specs are empty objects.
INSERT INTO environments VALUES (1, '0.1.0+g1a2b3c4', 'gcc', 'm', 's', 'c', 'cpu', '', '{}'), (2,
    '0.2.0+g5d6e7f8', 'gcc', 'm', 's', 'c', 'cpu', '', '{}');
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
INSERT INTO campaigns SELECT i + 1, 'campaign' || i, printf('%064x', i), '{}', '', 'm.json',
    '2026-01-31T23:59:59Z' FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
INSERT INTO runs SELECT i + 1, printf('%064x', i), 1 + i % 4, 1 + i % 2, printf('2026-01-%02dT20:00:00Z', i +
    1), printf('2026-01-%02dT23:00:00Z', i + 1), 'finished', 2, 2, 1, NULL, 10000, NULL FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999),
cell(i, rate, p, kind) AS (SELECT i, i % 20 * 0.005, i / 20 % 25, i / 500 FROM n)
INSERT INTO cells SELECT i + 1, printf('%064x', i), 'ssd_mobilenet_v1', 1, 'formula:0', 'ab', 'VOC2007 test',
    'cd', 'cpu', 'f32 direct', 0.01, 0.45, 200, 0.5,
CASE kind WHEN 0 THEN 'zero' WHEN 1 THEN 'random' WHEN 2 THEN 'bit_flip' ELSE 'stuck_at_0' END, NULL, NULL,
    NULL, NULL, rate, 0, 0, 0,
CASE kind WHEN 3 THEN printf('["base_net.%d.3"]', p % 13) ELSE 'features' END, 'features', 'activation',
    'trial', 'independent',
iif(p, 'kr', 'none'), CASE (p - 1) % 6 WHEN 0 THEN 'random' WHEN 1 THEN 'weight_sum' WHEN 2 THEN 'second_order'
    WHEN 3 THEN 'entropy' WHEN 4 THEN 'taylor' WHEN 5 THEN 'measured' END,
iif((p - 1) % 6 = 1, 'outgoing', NULL), iif(p, 'uniform', NULL), iif(p, 'mean', NULL), NULL, NULL, iif(p, 0.25 *
    (1 + (p - 1) / 6), NULL),
iif(p, 'VOC2007 trainval', NULL), iif(p, 'ef', NULL), NULL FROM cell;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
INSERT INTO trials SELECT i + 1, printf('%08x%056x', (i * 2654435761) % 4294967296, i), 1 + i % 2000, i / 2000,
    '{}' FROM n;
INSERT INTO attempts SELECT key, id, 1 + cell / 501, 1 + key % 10, key % 2, 1 + key % 2, 'done', iif(key % 1000,
    'yes', 'no'), '2026-01-31T23:59:59.123Z', 2.5, NULL, NULL FROM trials;
INSERT INTO attempts SELECT key + 100000, id, 1 + cell / 501, 1 + key % 10, key % 2, 1 + key % 2, 'crashed',
    'no', '2026-01-31T23:59:59.123Z', 2.5, 'signal ' || key % 7, '{}' FROM trials WHERE key % 100 = 7;
INSERT INTO results SELECT t.key, t.key, iif(c.weight_rate > 0, 0.6 - 0.6 * min(1, 8 * c.weight_rate) * (1 - 0.8
    * ifnull(c.ratio, 0)) + (t.seed * 7919 + c.key * 104729) % 1000 / 1e5, 0.6), 0.5, 300, 0, 0 FROM trials t
    JOIN cells c ON c.key = t.cell;
INSERT INTO overheads SELECT t.key, 4e6 * ifnull(c.ratio, 0), 2e6 * ifnull(c.ratio, 0), 2e6 * ifnull(c.ratio,
    0), 1e8 * ifnull(c.ratio, 0), 0, 1000000000 FROM trials t JOIN cells c ON c.key = t.cell;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
INSERT INTO class_ap SELECT c.key, printf('class%02d', n.i), t.seed, r.map_voc07 * (0.5 + n.i / 40.0),
    r.map_voc07 * (0.51 + n.i / 40.0), 10 + n.i FROM cells c CROSS JOIN n CROSS JOIN trials t ON t.cell = c.key
    CROSS JOIN results r ON r.trial = t.key;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
INSERT INTO layer_faults SELECT t.key, printf('base_net.%d.3', n.i), 'weights', 0, n.i, 100000, c.weight_rate,
    CAST(100000 * c.weight_rate AS INTEGER) + (t.seed * 7 + n.i) % 100, 5 FROM trials t CROSS JOIN cells c ON
    c.key = t.cell CROSS JOIN n WHERE c.weight_rate > 0 AND (c.type <> 'stuck_at_0' OR n.i = (c.key - 1) / 20 %
    25 % 13);
WITH stage(name, s) AS (VALUES ('weights', 0.1), ('forward', 1.9), ('injection', 0.2), ('detection', 0.2),
    ('average_precision', 0.1), ('total', 2.5))
INSERT INTO timings SELECT a.id, name, s + a.id % 17 / 100.0 FROM attempts a CROSS JOIN stage WHERE a.outcome =
    'done';
INSERT INTO planned SELECT 1 + cell / 501, 'sweep' || cell % 3, id, key, 'weight_rate=0.01 seed=' || seed FROM
    trials;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
INSERT INTO planned SELECT 1, 'sweep0', printf('f%063x', i), 100000 + i, 'seed=' || i FROM n;
INSERT INTO digests SELECT key, id, id FROM trials;
WITH r(x) AS (VALUES (0.25), (0.5), (0.75), (1))
INSERT INTO latencies SELECT NULL, '2026-01-31T23:59:59Z', 1, 'ssd_mobilenet_v1', 1, 'formula:0', 'ab', 'kr',
    'weight_sum', 'mean', x, 'cpu', 'f32 direct', 1, 4, 2, 25, 0.02 + 0.01 * x, 0.02, 0.04, 0.01, 1 + x, 0, 0,
    0, 0, 0, 0, 0 FROM r UNION ALL
SELECT NULL, '2026-01-31T23:59:59Z', 1, 'ssd_mobilenet_v1', 1, 'formula:0', 'ab', 'none', NULL, NULL, NULL,
    'cpu', 'f32 direct', 1, 4, 2, 25, 0.02, 0.02, 0.04, 0.01, 1, 0, 0, 0, 0, 0, 0, 0;
