/* open.c: the file, and how SQLite is to treat it. */
#include "stores/sqlite/fold.h"
#include "stores/sqlite/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A wait between two tries to switch the journal, for which SQLite does not wait. */
#define SWITCH_RETRY_US (10 * 1000)

static enum lb_err fail_path(const struct lb_sqlite *sqlite, struct lb_error *error)
{
	int number = errno;
	return lb_fail(error, number == ENOENT || number == ENOTDIR ? LB_NOT_FOUND : LB_IO,
		       "cannot create %s: %s; create its folder, or let this user write there",
		       sqlite->path, strerror(number));
}

/* The file is made here, so that it is private from its first moment; SQLite
 * gives the files beside it the same mode. Never opened when it is there:
 * closing it would drop the locks that this process has on it. */
static enum lb_err create_file(const struct lb_sqlite *sqlite, const char *file, bool create,
			       struct lb_error *error)
{
	struct stat status;
	if (stat(file, &status) == 0) {
		return S_ISREG(status.st_mode)
			       ? LB_OK
			       : lb_fail(error, LB_INVALID,
					 "%s is not a file; name a file as the store",
					 sqlite->path);
	}
	if (errno != ENOENT) {
		return fail_path(sqlite, error);
	}
	if (!create) {
		return lb_fail(error, LB_NOT_FOUND,
			       "there is no store %s; `lakebeat feed` makes it", sqlite->path);
	}
	int fd = open(file, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST) {
		return fail_path(sqlite, error);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return LB_OK;
}

enum lb_err lb_sqlite_exec(struct lb_sqlite *sqlite, const char *text, struct lb_error *error)
{
	int code = sqlite3_exec(sqlite->db, text, NULL, NULL, NULL);
	return code == SQLITE_OK ? LB_OK : lb_sqlite_fail(sqlite, code, error);
}

/* Whether the journal is a write-ahead log after the statement. The mode comes before
 * the switch is committed: it is known only when the statement has come to its end. */
static int ask_journal(struct lb_sqlite *sqlite, const char *text, bool *ret_wal)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL);
	*ret_wal = false;
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	if (code == SQLITE_ROW) {
		const char *mode = (const char *)sqlite3_column_text(statement, 0);
		*ret_wal = mode != NULL && strcmp(mode, "wal") == 0;
		code = sqlite3_step(statement);
	}
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The mode is a property of the file: only the first lakebeat switches it. */
static enum lb_err use_wal(struct lb_sqlite *sqlite, struct lb_error *error)
{
	bool wal;
	int code = ask_journal(sqlite, "PRAGMA journal_mode", &wal);
	if (code == SQLITE_OK && !wal) {
		code = ask_journal(sqlite, "PRAGMA journal_mode = WAL", &wal);
	}
	for (int64_t waited_us = 0;
	     (code & 0xFF) == SQLITE_BUSY && waited_us < sqlite->busy_timeout_us;
	     waited_us += SWITCH_RETRY_US) {
		struct timespec pause = {.tv_nsec = SWITCH_RETRY_US * 1000L};
		(void)nanosleep(&pause, NULL);
		code = ask_journal(sqlite, "PRAGMA journal_mode = WAL", &wal);
	}
	if (code != SQLITE_OK) {
		return lb_sqlite_fail(sqlite, code, error);
	}
	return wal ? LB_OK
		   : lb_fail(error, LB_UNSUPPORTED,
			     "%s cannot have a write-ahead log there; put it on a local file "
			     "system",
			     sqlite->path);
}

/* Every query has the index that it needs, so none is made on the fly. The
 * tables hold the wanted jobs of a load and the sensors of a transaction. */
static const char settings[] =
	"PRAGMA automatic_index = OFF;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA cache_size = -8192;"
	"PRAGMA journal_size_limit = 67108864;"
	"CREATE TEMP TABLE wanted_job (trigger_job_id TEXT PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TEMP TABLE advanced_sensor (sensor INTEGER PRIMARY KEY);";

/* A failure is told by the commit that next needs what failed. */
void lb_sqlite_write_back(struct lb_sqlite *sqlite)
{
	sqlite->journal_pages = 0;
	(void)sqlite3_wal_checkpoint_v2(sqlite->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* Writing back flushes the database too. A job's start waits for a commit, so that
 * is left to the next transaction that reads, unless there is none for long. */
#define JOURNAL_PAGES_MAX 4000

static int on_commit(void *data, sqlite3 *db, const char *schema, int pages)
{
	(void)db;
	(void)schema;
	struct lb_sqlite *sqlite = data;
	sqlite->journal_pages = pages;
	if (pages >= JOURNAL_PAGES_MAX) {
		lb_sqlite_write_back(sqlite);
	}
	return SQLITE_OK;
}

static int open_database(struct lb_sqlite *sqlite, const char *file)
{
	int code = sqlite3_open_v2(file, &sqlite->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				   NULL);
	if (sqlite->db == NULL) {
		return SQLITE_NOMEM;
	}
	(void)sqlite3_extended_result_codes(sqlite->db, 1);
	(void)sqlite3_wal_hook(sqlite->db, on_commit, sqlite);
	if (code == SQLITE_OK) {
		code = sqlite3_busy_timeout(sqlite->db, (int)(sqlite->busy_timeout_us / 1000));
	}
	return code == SQLITE_OK ? lb_sqlite_add_fold(sqlite->db) : code;
}

enum lb_err lb_sqlite_open(struct lb_sqlite *sqlite, const struct lb_sqlite_options *options,
			   struct lb_error *error)
{
	struct lb_arena arena LB_CLEANUP(lb_arena_finish) = {0};
	/* ":memory:" and the like are names of files here. */
	const char *file =
		lb_arena_printf(&arena, options->path[0] == '/' ? "%s" : "./%s", options->path);
	if (file == NULL) {
		return lb_fail_nomem(error);
	}
	enum lb_err err = create_file(sqlite, file, options->create, error);
	if (err != LB_OK) {
		return err;
	}
	int code = open_database(sqlite, file);
	if (code != SQLITE_OK) {
		return sqlite->db != NULL ? lb_sqlite_fail(sqlite, code, error)
					  : lb_fail_nomem(error);
	}
	err = lb_sqlite_check_version(sqlite, error);
	if (err == LB_OK) {
		err = use_wal(sqlite, error);
	}
	return err == LB_OK ? lb_sqlite_exec(sqlite, settings, error) : err;
}
