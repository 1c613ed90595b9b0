/* store_story.h: a life of lakebeat's tables, told in steps that each are one
 * transaction, one opening, or one look: a feed, files that come, beats of the real
 * engine, people with the sqlite3 shell. It goes the same way every time. */
#ifndef LB_TESTS_STORE_STORY_H
#define LB_TESTS_STORE_STORY_H

#include "ports/store.h"

/* The database in the working directory. */
#define STORY_FILE "story.db"

/* store: NULL: not open. arena: of the step under way. */
struct store_story {
	struct lb_store *store;
	struct lb_arena arena;
};

/* Errors: those of ports/store.h. A step that failed may be told again. */
typedef enum lb_err (*story_step)(struct store_story *story, struct lb_error *error);

/* opens: the step makes or opens the tables, which is not one transaction. */
struct story_chapter {
	const char *name;
	story_step tell;
	bool opens;
};

extern const struct story_chapter story_chapters[];
extern const size_t story_length;

/* Closes the store. */
void store_story_finish(struct store_story *story);

/* What the tables hold, as text, less what is drawn by chance: the deployment's id and
 * the tokens made of it. Owned: free. */
char *store_story_tables(void);

/* Ends the test unless SQLite finds the file in order, with a write-ahead log. */
void store_story_check(void);

#endif
