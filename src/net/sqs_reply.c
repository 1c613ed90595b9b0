#include "net/sqs_reply.h"

#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum lb_err load(const char *body, size_t length, json_t **ret_object,
			struct lb_error *error)
{
	json_error_t problem;
	*ret_object = json_loadb(body, length, 0, &problem);
	if (*ret_object == NULL && json_error_code(&problem) == json_error_out_of_memory) {
		return lb_fail_nomem(error);
	}
	if (!json_is_object(*ret_object)) {
		json_decref(*ret_object);
		*ret_object = NULL;
		return lb_fail(error, LB_CORRUPT, "the answer is not a JSON object");
	}
	return LB_OK;
}

static enum lb_err add_message(const json_t *json, struct lb_arena *arena,
			       struct lb_sqs_message_list *messages, struct lb_error *error)
{
	const char *id = json_string_value(json_object_get(json, "MessageId"));
	const char *handle = json_string_value(json_object_get(json, "ReceiptHandle"));
	const json_t *body = json_object_get(json, "Body");
	if (id == NULL || handle == NULL || !json_is_string(body)) {
		return lb_fail(error, LB_CORRUPT,
			       "the answer has a message without MessageId, ReceiptHandle or Body");
	}
	struct lb_sqs_message whole = {
		.id = lb_arena_strdup(arena, id),
		.handle = lb_arena_strdup(arena, handle),
		.body = lb_arena_strndup(arena, json_string_value(body), json_string_length(body)),
		.body_length = json_string_length(body),
	};
	struct lb_sqs_message *added =
		whole.id != NULL && whole.handle != NULL && whole.body != NULL
			? lb_list_add(arena, messages)
			: NULL;
	if (added == NULL) {
		return lb_fail_nomem(error);
	}
	*added = whole;
	return LB_OK;
}

static enum lb_err add_messages(const json_t *array, struct lb_arena *arena,
				struct lb_sqs_message_list *messages, struct lb_error *error)
{
	if (array == NULL) {
		return LB_OK;
	}
	if (!json_is_array(array) || json_array_size(array) > LB_SQS_BATCH_MAX) {
		return lb_fail(error, LB_CORRUPT, "the answer's Messages are no list of up to %d",
			       LB_SQS_BATCH_MAX);
	}
	enum lb_err err = LB_OK;
	for (size_t i = 0; i < json_array_size(array) && err == LB_OK; i++) {
		err = add_message(json_array_get(array, i), arena, messages, error);
	}
	return err;
}

enum lb_err lb_sqs_reply_messages(const char *body, size_t length, struct lb_arena *arena,
				  struct lb_sqs_message_list *ret_messages, struct lb_error *error)
{
	json_t *object;
	*ret_messages = (struct lb_sqs_message_list){0};
	enum lb_err err = load(body, length, &object, error);
	if (err == LB_OK) {
		err = add_messages(json_object_get(object, "Messages"), arena, ret_messages, error);
	}
	json_decref(object);
	return err;
}

static void note_failure(const json_t *entry, bool failed[static LB_SQS_BATCH_MAX],
			 char code[static LB_SQS_CODE_MAX])
{
	const char *id = json_string_value(json_object_get(entry, "Id"));
	const char *why = json_string_value(json_object_get(entry, "Code"));
	if (id != NULL && id[0] >= '0' && id[0] <= '9' && id[1] == '\0') {
		failed[id[0] - '0'] = true;
	}
	if (*code == '\0') {
		bool given = why != NULL && *why != '\0';
		(void)snprintf(code, LB_SQS_CODE_MAX, "%s", given ? why : "no code");
	}
}

/* The code is to be shown. */
static void make_printable(char code[static LB_SQS_CODE_MAX])
{
	for (char *c = code; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~') {
			*c = '?';
		}
	}
}

enum lb_err lb_sqs_reply_deleted(const char *body, size_t length,
				 bool ret_failed[static LB_SQS_BATCH_MAX],
				 char ret_code[static LB_SQS_CODE_MAX], struct lb_error *error)
{
	json_t *object;
	memset(ret_failed, 0, LB_SQS_BATCH_MAX * sizeof(*ret_failed));
	*ret_code = '\0';
	enum lb_err err = load(body, length, &object, error);
	const json_t *failed = err == LB_OK ? json_object_get(object, "Failed") : NULL;
	for (size_t i = 0; i < json_array_size(failed); i++) {
		note_failure(json_array_get(failed, i), ret_failed, ret_code);
	}
	make_printable(ret_code);
	json_decref(object);
	return err;
}

/* Numbers come as texts. */
static int64_t count_of(const json_t *attributes, const char *name)
{
	const char *text = json_string_value(json_object_get(attributes, name));
	char *end = NULL;
	int64_t count = text != NULL ? strtoll(text, &end, 10) : -1;
	return text != NULL && end != text && *end == '\0' && count >= 0 ? count : -1;
}

enum lb_err lb_sqs_reply_counts(const char *body, size_t length, struct lb_sqs_counts *ret_counts,
				struct lb_error *error)
{
	json_t *object;
	enum lb_err err = load(body, length, &object, error);
	const json_t *attributes = json_object_get(object, "Attributes");
	*ret_counts = (struct lb_sqs_counts){
		.visible = count_of(attributes, "ApproximateNumberOfMessages"),
		.in_flight = count_of(attributes, "ApproximateNumberOfMessagesNotVisible"),
	};
	json_decref(object);
	return err;
}
