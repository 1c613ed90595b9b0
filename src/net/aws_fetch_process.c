#include "base/time.h"
#include "net/aws_fetch_step.h"

#include <stdio.h>
#include <string.h>

#define PROCESS_TIMEOUT LB_MINUTE
#define WORDS_MAX 64

/* Writes the character (or, in quotes, what they hold) at *at and moves on.
 * False: a quote has no end. */
static bool take_part(const char **at, char **out)
{
	char quote = **at;
	if (quote == '\\' && (*at)[1] != '\0') {
		*(*out)++ = (*at)[1];
		*at += 2;
		return true;
	}
	if (quote != '"' && quote != '\'') {
		*(*out)++ = *(*at)++;
		return true;
	}
	for (++*at; **at != '\0' && **at != quote; ++*at) {
		bool escape = quote == '"' && **at == '\\' && strchr("\"\\", (*at)[1]) != NULL &&
			      (*at)[1] != '\0';
		*at += escape;
		*(*out)++ = **at;
	}
	if (**at == '\0') {
		return false;
	}
	++*at;
	return true;
}

/* The words of a command line as a shell would split them, and no more than
 * that: nothing is expanded. words: WORDS_MAX and a NULL. */
static enum lb_err split(const char *command, struct lb_arena *arena, const char **words,
			 struct lb_error *error)
{
	static const char blanks[] = " \t\n";
	char *out = lb_arena_alloc(arena, 2 * strlen(command) + 2);
	size_t count = 0;
	if (out == NULL) {
		return lb_fail_nomem(error);
	}
	for (command += strspn(command, blanks); *command != '\0';
	     command += strspn(command, blanks)) {
		if (count == WORDS_MAX) {
			return lb_fail(error, LB_INVALID, "it has more than %d words", WORDS_MAX);
		}
		words[count++] = out;
		while (*command != '\0' && strchr(blanks, *command) == NULL) {
			if (!take_part(&command, &out)) {
				return lb_fail(error, LB_INVALID, "a quote in it has no end");
			}
		}
		*out++ = '\0';
	}
	words[count] = NULL;
	return count > 0 ? LB_OK : lb_fail(error, LB_INVALID, "it names no program");
}

static enum lb_err ask_process(struct lb_aws_fetch *fetch, int64_t now_us, struct lb_error *error)
{
	(void)now_us;
	(void)snprintf(fetch->call.what, sizeof(fetch->call.what), "%s", fetch->plan.description);
	const char **words = lb_arena_alloc(&fetch->arena, (WORDS_MAX + 1) * sizeof(*words));
	if (words == NULL) {
		return lb_fail_nomem(error);
	}
	fetch->call.argv = words;
	fetch->call.timeout_us = PROCESS_TIMEOUT;
	return split(fetch->plan.command, &fetch->arena, words, error);
}

static enum lb_err take_process(struct lb_aws_fetch *fetch, const struct lb_aws_answer *answer,
				int64_t now_us, struct lb_error *error)
{
	(void)now_us;
	struct lb_aws_session session;
	enum lb_err err = lb_aws_reply_process(answer->body, answer->length, &session, error);
	if (err == LB_OK) {
		lb_aws_fetch_take_over(fetch, session);
	}
	return err;
}

const struct lb_aws_step_impl lb_aws_step_process = {ask_process, take_process};
