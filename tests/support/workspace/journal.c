#include "support/workspace/journal.h"

#include "base/text.h"
#include "support/workspace/must.h"

#include <string.h>

/* text: method, path, query and body, one after the other, each ended by NUL. */
struct journal_entry {
	int64_t at_ms;
	const char *authentication;
	char *text;
	int said;
	int sent;
	int fault;
	bool body_cut;
};

void journal_init(struct journal *journal)
{
	journal->entries = must(lb_alloc(ENTRIES_MAX * sizeof(*journal->entries)));
	journal->count = 0;
}

void journal_finish(struct journal *journal)
{
	for (size_t i = 0; journal->entries != NULL && i < ENTRIES_MAX; i++) {
		lb_free(journal->entries[i].text);
	}
	lb_free(journal->entries);
	*journal = (struct journal){0};
}

static char *put(char *at, const char *text, size_t length)
{
	memcpy(at, text, length);
	at[length] = '\0';
	return at + length + 1;
}

static char *gather(const struct request *request, size_t body_length)
{
	size_t size = strlen(request->method) + strlen(request->path) + body_length + 4;
	for (size_t i = 0; i < request->query.count; i++) {
		size += strlen(request->query.items[i].name) + 2 +
			strlen(request->query.items[i].value);
	}
	char *text = must(lb_alloc(size));
	char *at = put(text, request->method, strlen(request->method));
	at = put(at, request->path, strlen(request->path));
	for (size_t i = 0; i < request->query.count; i++) {
		at = stpcpy(at, i > 0 ? "&" : "");
		at = stpcpy(stpcpy(at, request->query.items[i].name), "=");
		at = stpcpy(at, request->query.items[i].value);
	}
	(void)put(at + 1, request->body, body_length);
	return text;
}

void journal_add(struct journal *journal, const struct request *request, int64_t at_ms,
		 const char *authentication, int said, int sent, int fault)
{
	struct journal_entry *entry = &journal->entries[journal->count++ % ENTRIES_MAX];
	bool secret = lb_text_starts_with(request->path, "/oidc/");
	size_t body_length = secret ? 0 : request->length;
	bool cut = body_length > BODY_BYTES_MAX;
	lb_free(entry->text);
	*entry = (struct journal_entry){
		.at_ms = at_ms,
		.authentication = authentication,
		.text = gather(request, cut ? BODY_BYTES_MAX : body_length),
		.said = said,
		.sent = sent,
		.fault = fault,
		.body_cut = cut,
	};
}

/* Bodies need not be UTF-8. */
static json_t *text_json(const char *text)
{
	return lb_utf8_valid(text) ? must(json_string(text)) : json_null();
}

static json_t *entry_json(const struct journal_entry *entry, int64_t number)
{
	const char *method = entry->text;
	const char *path = method + strlen(method) + 1;
	const char *query = path + strlen(path) + 1;
	const char *body = query + strlen(query) + 1;
	return must(json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:b, s:s, s:i, s:i, s:b, s:i}",
			      "number", (json_int_t)number, "at_ms", (json_int_t)entry->at_ms,
			      "method", text_json(method), "path", text_json(path), "query",
			      text_json(query), "body", text_json(body), "body_cut",
			      entry->body_cut, "authentication", entry->authentication, "said",
			      entry->said, "status", entry->sent, "effect",
			      entry->said >= 200 && entry->said < 300, "fault", entry->fault));
}

json_t *journal_json(const struct journal *journal, int64_t from, int64_t limit)
{
	int64_t oldest = journal->count > ENTRIES_MAX ? journal->count - ENTRIES_MAX : 0;
	int64_t at = from > oldest ? from : oldest;
	json_t *requests = must(json_array());
	int64_t lost = at - from;
	for (; at < journal->count && (int64_t)json_array_size(requests) < limit; at++) {
		(void)json_array_append_new(requests,
					    entry_json(&journal->entries[at % ENTRIES_MAX], at));
	}
	return must(json_pack("{s:o, s:I, s:I}", "requests", requests, "next", (json_int_t)at,
			      "lost", (json_int_t)lost));
}
