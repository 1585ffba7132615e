/* migration_notice.h - a word before a store is opened for writing, where that will migrate it. */
#ifndef FTDN_HARNESS_TERMINAL_MIGRATION_NOTICE_H
#define FTDN_HARNESS_TERMINAL_MIGRATION_NOTICE_H

/* Say in one line on stderr that the store at this path is of an older program and is about to be migrated. Where it is
 * not, or there is none, nothing is said. */
void ftdn_migration_notice_print(const char *db);

#endif
