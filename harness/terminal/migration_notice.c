#include "harness/terminal/migration_notice.h"

#include <stdio.h>

#include "harness/terminal/print.h"
#include "results/migrate.h"

void ftdn_migration_notice_print(const char *db)
{
    if (!ftdn_store_is_old(db)) return;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "ftdn: migrating ");
    ftdn_append_shown(&text, db);
    ftdn_text_append(&text, ", a store of an older program; its backup: ");
    ftdn_append_shown(&text, db);
    ftdn_text_append(&text, ".backup-2\n");
    if (!text.failed) fputs(text.chars, stderr);
    ftdn_text_done(&text);
}
