/* value.h: one setting's value, from text and back to text. */
#ifndef LB_CONFIG_VALUE_H
#define LB_CONFIG_VALUE_H

#include "config/node.h"
#include "config/settings.h"

/* Who reads, and from where. file: as shown in messages. folder: where relative
 * paths start, NULL: the working directory. world_readable: of that file.
 * arena: for values. */
struct lb_reader {
	struct lb_report *report;
	struct lb_arena *arena;
	const char *file;
	const char *folder;
	bool world_readable;
};

/* Checks node and stores its value at base + setting->offset. key: the
 * setting's full name, for messages. False: an error was reported. Not for
 * SECTION and IGNORED. */
bool lb_value_set(const struct lb_reader *reader, const struct lb_setting *setting,
		  const struct lb_node *node, const char *key, void *base);

/* The value at base + setting->offset as one would write it in YAML, in arena;
 * *ret_text is NULL when it is not given. Secrets are not masked here. */
enum lb_err lb_value_text(struct lb_arena *arena, const struct lb_setting *setting,
			  const void *base, const char **ret_text,
			  struct lb_error *error) LB_MUST_CHECK;

/* What may be written: "a duration such as 10s, from 100 ms to 1 day". NULL:
 * exhausted. */
char *lb_value_expected(struct lb_arena *arena, const struct lb_setting *setting);

/* A list of texts as a JSON array, which is YAML too. NULL: exhausted. */
char *lb_value_argv_text(struct lb_arena *arena, const char *const *argv);

#endif
