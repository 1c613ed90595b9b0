/* secrets.h: references that keep secrets out of configuration files.
 *
 *     ${env:NAME}     the environment variable NAME
 *     ${file:PATH}    the content of a file, without the newlines at its end;
 *                     a relative PATH starts at the folder of the file it stands in
 *     $${             the two characters ${
 */
#ifndef LB_CONFIG_SECRETS_H
#define LB_CONFIG_SECRETS_H

#include "config/node.h"

/* Resolves the references in every text below node: text becomes what they
 * stand for, written stays. file: name of the document, for messages, which
 * name places and never values. folder: where its relative paths start. */
void lb_secrets_resolve(struct lb_node *node, const char *file, const char *folder,
			struct lb_arena *arena, struct lb_report *report);

/* Was the node's text made of a reference? Then it must not be shown. */
bool lb_secrets_hidden(const struct lb_node *node);

#endif
