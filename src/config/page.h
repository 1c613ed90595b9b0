/* page.h: docs/configuration.md, made from the settings table. */
#ifndef LB_CONFIG_PAGE_H
#define LB_CONFIG_PAGE_H

#include "base/error.h"

#include <stdio.h>

/* The daemon's file that the page shows; the tests load it. */
extern const char *const lb_page_example;

/* Writes the page. Errors: NOMEM, IO. */
enum lb_err lb_page_write(FILE *stream, struct lb_error *error) LB_MUST_CHECK;

#endif
