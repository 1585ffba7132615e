#include "tests/harness/planned.h"

#include <string.h>

void ftdn_planned_parse(ftdn_planned *p, const char *text, const char *path)
{
    *p = (ftdn_planned){0};
    ftdn_arena_init(&p->source);
    ftdn_arena_init(&p->arena);
    ftdn_inputs_init(&p->inputs);
    char *quoted = ftdn_arena_copy_text(&p->source, text, strlen(text), &p->err);
    assert_non_null(quoted);
    for (char *c = quoted; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &p->source);
    FTDN_ASSERT_OK(ftdn_manifest_parse(quoted, strlen(quoted), path, &p->source, &mistakes, &p->manifest, &p->err),
                   p->err);
}

ftdn_status ftdn_planned_plan(ftdn_planned *p)
{
    return ftdn_plan_make(&p->manifest, &p->inputs, &p->arena, &p->plan, &p->err);
}

void ftdn_planned_make(ftdn_planned *p, const char *text, const char *path)
{
    ftdn_planned_parse(p, text, path);
    FTDN_ASSERT_OK(ftdn_planned_plan(p), p->err);
}

void ftdn_planned_done(ftdn_planned *p)
{
    ftdn_inputs_done(&p->inputs);
    ftdn_arena_done(&p->arena);
    ftdn_arena_done(&p->source);
}

void ftdn_planned_refuse(ftdn_planned *p, long n_least)
{
    ftdn_status status = FTDN_ERR_MEMORY;
    long k = 0;
    for (; status != FTDN_OK; k++) {
        assert_int_equal(status, FTDN_ERR_MEMORY);
        assert_true(k < 1000);
        ftdn_arena_done(&p->arena);
        ftdn_arena_init(&p->arena);
        ftdn_arena_fail_after(&p->arena, k);
        p->plan = (ftdn_plan){.n_trials = -1};
        status = ftdn_planned_plan(p);
        assert_int_equal(p->plan.n_trials == -1, status != FTDN_OK);
    }
    p->arena.fail_countdown = -1;
    assert_true(k > n_least);
}

ftdn_status ftdn_written_spec_make(const ftdn_trial_settings *settings, const ftdn_trial_facts *facts,
                                   ftdn_arena *arena, ftdn_written_spec *ret_spec, ftdn_error *err)
{
    ftdn_sha256 *hash;
    ftdn_cell_spec cell;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_status status = ftdn_cell_spec_make(settings, facts, hash, arena, &cell, err);
    if (status == FTDN_OK) {
        const ftdn_trial_spec spec = ftdn_cell_spec_with_seed(&cell, settings->seed, hash);
        const char *text = ftdn_trial_spec_text(&spec, arena, err);
        if (text) ret_spec->text = text;
        else status = FTDN_ERR_MEMORY;
        memcpy(ret_spec->id, spec.id, sizeof ret_spec->id);
    }
    ftdn_sha256_free(hash);
    return status;
}
