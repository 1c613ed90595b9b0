/* fail.c: what SQLite's result codes mean to people. */
#include "base/time.h"
#include "stores/sqlite/store.h"

#include <errno.h>
#include <string.h>

static enum lb_err fail_full(const struct lb_sqlite *sqlite, struct lb_error *error)
{
	return lb_fail(error, LB_FULL,
		       "no space left to write %s; nothing was changed; free some on its file "
		       "system, or raise the quota",
		       sqlite->path);
}

static enum lb_err fail_busy(const struct lb_sqlite *sqlite, struct lb_error *error)
{
	char waited[LB_TIME_TEXT_MAX];
	return lb_fail(error, LB_BUSY,
		       "%s is locked by another process, and was for %s; end what keeps it locked, "
		       "or raise busy_timeout",
		       sqlite->path, lb_duration_format(sqlite->busy_timeout_us, waited));
}

/* The errno behind an input/output error: of the journal or of the file itself.
 * sqlite3_system_errno knows it only when the error came from a call that opens
 * or prepares. */
static int last_errno(const struct lb_sqlite *sqlite)
{
	sqlite3_file *journal = NULL;
	int number = 0;
	(void)sqlite3_file_control(sqlite->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
	if (journal != NULL && journal->pMethods != NULL) {
		(void)journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &number);
	}
	if (number == 0) {
		(void)sqlite3_file_control(sqlite->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
	}
	return number != 0 ? number : sqlite3_system_errno(sqlite->db);
}

/* A file system may say "too large" or "over quota" where it means full. */
static enum lb_err fail_io(const struct lb_sqlite *sqlite, int code, struct lb_error *error)
{
	int number = last_errno(sqlite);
	if (code == SQLITE_IOERR_WRITE && (number == EDQUOT || number == EFBIG)) {
		return fail_full(sqlite, error);
	}
	return lb_fail(error, LB_IO, "cannot read or write %s: %s (%s); look after its disk",
		       sqlite->path, number != 0 ? strerror(number) : "no more is known",
		       sqlite3_errstr(code));
}

static enum lb_err fail_open(const struct lb_sqlite *sqlite, struct lb_error *error)
{
	int number = sqlite3_system_errno(sqlite->db);
	return lb_fail(error, LB_IO,
		       "cannot open %s, or the -wal and -shm files beside it: %s; let this user "
		       "write the file and its folder",
		       sqlite->path, number != 0 ? strerror(number) : sqlite3_errmsg(sqlite->db));
}

enum lb_err lb_sqlite_fail(const struct lb_sqlite *sqlite, int code, struct lb_error *error)
{
	switch (code & 0xFF) {
	case SQLITE_NOMEM:
		return lb_fail_nomem(error);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail_busy(sqlite, error);
	case SQLITE_FULL:
		return fail_full(sqlite, error);
	case SQLITE_IOERR:
		return fail_io(sqlite, code, error);
	case SQLITE_CANTOPEN:
		return fail_open(sqlite, error);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return lb_fail(error, LB_IO,
			       "%s is read-only; let this user write the file, those beside it "
			       "(-wal and -shm) and its folder",
			       sqlite->path);
	case SQLITE_NOTADB:
		return lb_fail(error, LB_CORRUPT,
			       "%s is not a SQLite database; name another file as the store, or "
			       "move this one away",
			       sqlite->path);
	case SQLITE_CORRUPT:
		return lb_fail(error, LB_CORRUPT,
			       "%s is damaged or cut short (%s); restore it from a backup, or save "
			       "what is left with: sqlite3 %s .recover",
			       sqlite->path, sqlite3_errmsg(sqlite->db), sqlite->path);
	case SQLITE_ABORT:
		return lb_fail(error, LB_IO, "the transaction on %s is over, after an error in it",
			       sqlite->path);
	default:
		return lb_fail(error, LB_CORRUPT,
			       "the tables in %s are not as lakebeat left them: %s", sqlite->path,
			       sqlite3_errmsg(sqlite->db));
	}
}
