/* node.h: a YAML or JSON document as a tree, with the line of every part.
 *
 * Values stay the text that was written: what a text means is for the setting
 * that it is given to (settings.h), so `no`, `0123` and `1.10` are never guessed
 * at. JSON is read as the subset of YAML that it is, so a dictionary pasted from
 * Python, with its trailing commas, reads too.
 *
 * Limits: LB_NODE_BYTES_MAX bytes, LB_NODE_DEPTH_MAX levels. Anchors, aliases,
 * tags, several documents, and a key given twice are refused. */
#ifndef LB_CONFIG_NODE_H
#define LB_CONFIG_NODE_H

#include "config/file.h"
#include "config/problem.h"

#define LB_NODE_BYTES_MAX ((size_t)1024 * 1024)
#define LB_NODE_DEPTH_MAX 32

enum lb_node_kind { LB_NODE_NULL, LB_NODE_TEXT, LB_NODE_LIST, LB_NODE_MAP };

/* "empty", "a text", "a list", "a dictionary". */
const char *lb_node_kind_text(enum lb_node_kind kind);

struct lb_node;
struct lb_node_list LB_LIST_OF(struct lb_node);

/* key:     in a dictionary, else NULL.
 * line:    of the key, or of the value in a list; 0 when unknown.
 * text:    TEXT only: the value, with ${…} resolved (secrets.h).
 * written: the text as it stands in the file; this one may be shown.
 * failed:  an error about it was reported already; it counts as given.
 * items:   LIST and MAP only. */
struct lb_node {
	const char *key;
	int line;
	enum lb_node_kind kind;
	const char *text;
	const char *written;
	bool failed;
	struct lb_node_list items;
};

/* Reads a document. name: the file's, for messages. root is in arena; a problem
 * is reported and leaves it NULL. False: an error was reported. */
bool lb_node_parse(const struct lb_text_file *file, const char *name, struct lb_arena *arena,
		   struct lb_report *report, struct lb_node *ret_root);

/* The item with that key of a MAP; NULL: none, or not a MAP. */
const struct lb_node *lb_node_get(const struct lb_node *map, const char *key);

/* For node.c's own parts: reports keys given twice, at any depth below node. */
void lb_node_check_keys(const struct lb_node *node, const char *name, struct lb_report *report);

/* The second reader, for the few JSON texts that are not YAML, or not the same (a
 * surrogate pair as two escapes, a colon on the next line, U+2028 in a text). It knows no lines.
 * False: the text is not JSON either, or too deep. */
bool lb_node_parse_json(const struct lb_text_file *file, struct lb_arena *arena,
			struct lb_report *report, struct lb_node *ret_root);

#endif
