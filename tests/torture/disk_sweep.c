#include "torture/disk_sweep.h"

#include "torture/fault_vfs.h"

#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct memory_tally *told;

static enum fault_kind kind_of(const char *word)
{
	static const struct {
		const char *word;
		enum fault_kind kind;
	} kinds[] = {{"error", FAULT_ERROR}, {"late", FAULT_LATE}, {"full", FAULT_FULL}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(word, kinds[i].word) == 0) {
			return kinds[i].kind;
		}
	}
	fprintf(stderr, "LAKEBEAT_SWEEP_DISK=%s: give error, late or full\n", word);
	exit(2);
}

bool disk_sweep_begin(struct memory_tally *tally, size_t fail_after)
{
	const char *wish = getenv("LAKEBEAT_SWEEP_DISK");
	if (wish == NULL) {
		return false;
	}
	told = tally;
	memory_hear_all(tally);
	fault_vfs_install();
	fault_vfs_arm(fail_after == MEMORY_NEVER ? FAULT_NONE : kind_of(wish), fail_after);
	return true;
}

/* A file that is no database, as some tests have them, is not ours to judge. */
static void check_file(const char *path)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
		fprintf(stderr, "%s is not whole: %s\n", path,
			(const char *)sqlite3_column_text(statement, 0));
		abort();
	}
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
}

void disk_sweep_end(void)
{
	glob_t files;
	if (told == NULL) {
		return;
	}
	told->failed = fault_vfs_hit();
	told->counted = fault_vfs_disarm();
	if (glob("*.db", 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++) {
			check_file(files.gl_pathv[i]);
		}
		globfree(&files);
	}
	told = NULL;
}
