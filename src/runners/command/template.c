#include "runners/command/template.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const placeholders[] = {"trigger_job_id", "trigger_job_name"};
#define PLACEHOLDER_COUNT (sizeof(placeholders) / sizeof(placeholders[0]))

/* A stretch of an item: text as it is, or (placeholder set) a name in braces. */
struct piece {
	const char *text;
	size_t length;
	bool placeholder;
};

/* Length of "{name}" at text, 0 when there is none. */
static size_t braced_length(const char *text)
{
	size_t length = text[0] == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
	return length > 0 && text[length + 1] == '}' ? length + 2 : 0;
}

/* The piece at text, which is not empty; *ret_rest is what follows it. */
static struct piece next_piece(const char *text, const char **ret_rest)
{
	size_t braced = text[0] == '{' ? braced_length(text + 1) : 0;
	if (braced > 0 && text[braced + 1] == '}') {
		*ret_rest = text + braced + 2;
		return (struct piece){text + 1, braced, false};
	}
	if (text[0] == '$' && text[1] == '{') {
		*ret_rest = text + 2;
		return (struct piece){text, 2, false};
	}
	braced = braced_length(text);
	*ret_rest = text + (braced > 0 ? braced : 1);
	return braced > 0 ? (struct piece){text + 1, braced - 2, true}
			  : (struct piece){text, 1, false};
}

/* PLACEHOLDER_COUNT when it is none. */
static size_t placeholder_index(struct piece piece)
{
	size_t i = 0;
	while (i < PLACEHOLDER_COUNT && (strlen(placeholders[i]) != piece.length ||
					 memcmp(placeholders[i], piece.text, piece.length) != 0)) {
		i++;
	}
	return i;
}

static enum lb_err unknown_placeholder(struct piece piece, const char *item, struct lb_error *error)
{
	char name[64];
	size_t length = piece.length < sizeof(name) ? piece.length : sizeof(name) - 1;
	memcpy(name, piece.text, length);
	name[length] = '\0';
	const char *nearest = lb_text_nearest(name, placeholders, PLACEHOLDER_COUNT);
	if (nearest != NULL) {
		return lb_fail(error, LB_INVALID,
			       "unknown placeholder {%s} in \"%s\"; did you mean {%s}?", name, item,
			       nearest);
	}
	return lb_fail(error, LB_INVALID,
		       "unknown placeholder {%s} in \"%s\"; there are {trigger_job_id} and "
		       "{trigger_job_name}, and {{%s}} stands for the text {%s}",
		       name, item, name, name);
}

static enum lb_err check_item(const char *item, struct lb_error *error)
{
	for (const char *rest = item; *rest != '\0';) {
		struct piece piece = next_piece(rest, &rest);
		if (piece.placeholder && placeholder_index(piece) == PLACEHOLDER_COUNT) {
			return unknown_placeholder(piece, item, error);
		}
	}
	return LB_OK;
}

enum lb_err lb_command_template_check(const char *const *argv, struct lb_error *error)
{
	if (argv[0] == NULL || argv[0][0] == '\0') {
		return lb_fail(error, LB_INVALID, "argv names no program");
	}
	for (size_t i = 0; argv[i] != NULL; i++) {
		enum lb_err err = check_item(argv[i], error);
		if (err != LB_OK) {
			return err;
		}
	}
	return LB_OK;
}

static const char *word_for(struct piece piece, const struct lb_command_words *words)
{
	const char *word =
		placeholder_index(piece) == 0 ? words->trigger_job_id : words->trigger_job_name;
	return word != NULL ? word : "";
}

static size_t expanded_length(const char *item, const struct lb_command_words *words)
{
	size_t length = 0;
	for (const char *rest = item; *rest != '\0';) {
		struct piece piece = next_piece(rest, &rest);
		length += piece.placeholder ? strlen(word_for(piece, words)) : piece.length;
	}
	return length;
}

static char *expand_item(struct lb_arena *arena, const char *item,
			 const struct lb_command_words *words)
{
	char *text = lb_arena_alloc(arena, expanded_length(item, words) + 1);
	char *end = text;
	for (const char *rest = item; text != NULL && *rest != '\0';) {
		struct piece piece = next_piece(rest, &rest);
		if (piece.placeholder) {
			piece.text = word_for(piece, words);
			piece.length = strlen(piece.text);
		}
		memcpy(end, piece.text, piece.length);
		end += piece.length;
	}
	return text;
}

/* A job named "../../bin/reboot" must not choose its program by itself. */
static enum lb_err check_program(const char *item, const struct lb_command_words *words,
				 struct lb_error *error)
{
	for (const char *rest = item; *rest != '\0';) {
		struct piece piece = next_piece(rest, &rest);
		const char *word = piece.placeholder ? word_for(piece, words) : "-";
		if (word[0] == '\0' || word[0] == '.' || strchr(word, '/') != NULL) {
			return lb_fail(
				error, LB_REFUSED,
				"{%.*s} in \"%s\" would be \"%s\": a part of a program's path "
				"may not be empty, start with '.' or hold a '/'",
				(int)piece.length, piece.text, item, word);
		}
	}
	return LB_OK;
}

enum lb_err lb_command_template_expand(struct lb_arena *arena, const char *const *argv,
				       const struct lb_command_words *words, char ***ret_argv,
				       struct lb_error *error)
{
	enum lb_err err = check_program(argv[0], words, error);
	if (err != LB_OK) {
		return err;
	}
	size_t count = 0;
	while (argv[count] != NULL) {
		count++;
	}
	char **expanded = lb_arena_alloc(arena, (count + 1) * sizeof(*expanded));
	for (size_t i = 0; expanded != NULL && i < count; i++) {
		expanded[i] = expand_item(arena, argv[i], words);
		if (expanded[i] == NULL) {
			return lb_fail_nomem(error);
		}
	}
	*ret_argv = expanded;
	return expanded != NULL ? LB_OK : lb_fail_nomem(error);
}

static int why_not_executable(const char *file)
{
	struct stat status;
	if (stat(file, &status) != 0) {
		return errno;
	}
	return S_ISREG(status.st_mode) && access(file, X_OK) == 0 ? 0 : EACCES;
}

const char *lb_command_find_program(struct lb_arena *arena, const char *program, const char *path,
				    int *ret_errno)
{
	*ret_errno = 0;
	if (strchr(program, '/') != NULL) {
		return program;
	}
	int failure = ENOENT;
	const char *folder = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin";
	while (folder != NULL && program[0] != '\0') {
		size_t length = strcspn(folder, ":");
		const char *file = lb_arena_printf(arena, "%.*s%s%s", (int)length, folder,
						   length > 0 ? "/" : "./", program);
		int why = file != NULL ? why_not_executable(file) : ENOMEM;
		if (why == 0) {
			return file;
		}
		failure = why == ENOENT || why == ENOTDIR ? failure : why;
		folder = folder[length] == ':' ? folder + length + 1 : NULL;
	}
	*ret_errno = failure;
	return NULL;
}
