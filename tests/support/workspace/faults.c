#include "support/workspace/faults.h"

#include "base/text.h"
#include "support/workspace/must.h"

#include <string.h>

static const char *const deeds[] = {"answer", "close", "reset", "truncate",
				    "cut",    "login", "pass",  "down"};

void faults_init(struct faults *faults)
{
	*faults = (struct faults){0};
}

void faults_finish(struct faults *faults)
{
	lb_arena_finish(&faults->arena);
	*faults = (struct faults){0};
}

void faults_clear(struct faults *faults)
{
	int numbers = faults->numbers;
	faults_finish(faults);
	faults->numbers = numbers;
}

static char *body_text(struct lb_arena *arena, const json_t *body)
{
	if (json_is_string(body)) {
		return must(lb_arena_strdup(arena, json_string_value(body)));
	}
	char *text = must(json_dumps(body, JSON_COMPACT));
	char *copy = must(lb_arena_strdup(arena, text));
	free(text);
	return copy;
}

static bool read_headers(struct faults *faults, json_t *headers, struct fault *fault)
{
	const char *name;
	json_t *value;
	json_object_foreach(headers, name, value)
	{
		if (!json_is_string(value) || fault->headers.count == ANSWER_HEADERS_MAX / 2) {
			return false;
		}
		struct pair *pair = must(lb_list_add(&faults->arena, &fault->headers));
		pair->name = must(lb_arena_strdup(&faults->arena, name));
		pair->value = must(lb_arena_strdup(&faults->arena, json_string_value(value)));
	}
	return true;
}

static bool read_deed(const char *word, enum fault_deed *deed)
{
	for (size_t i = 0; word != NULL && i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (strcmp(word, deeds[i]) == 0) {
			*deed = (enum fault_deed)i;
			return true;
		}
	}
	return false;
}

int faults_add(struct faults *faults, json_t *json, const char **ret_problem)
{
	struct fault fault = {.count = 1, .probability = 1, .status = 500};
	const char *endpoint = "";
	const char *when = "before";
	const char *deed = NULL;
	const char *type = "application/json";
	json_t *headers = NULL;
	json_t *body = NULL;
	json_int_t seed = 0, skip = 0, count = 1, delay_ms = 0;
	json_error_t error;
	if (json_unpack_ex(json, &error, JSON_STRICT,
			   "{s?s, s?s, s?I, s?I, s?F, s?I, s:s, s?I, s?i, s?o, s?s, s?o}",
			   "endpoint", &endpoint, "when", &when, "skip", &skip, "count", &count,
			   "probability", &fault.probability, "seed", &seed, "do", &deed,
			   "delay_ms", &delay_ms, "status", &fault.status, "body", &body,
			   "content_type", &type, "headers", &headers) != 0) {
		*ret_problem = must(lb_arena_strdup(&faults->arena, error.text));
		return 0;
	}
	fault.after = strcmp(when, "after") == 0;
	fault.skip = skip;
	fault.count = count;
	fault.delay_ms = delay_ms;
	/* xorshift needs a bit that is set. */
	fault.random = ((uint64_t)seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
	if (!read_deed(deed, &fault.deed) || (!fault.after && strcmp(when, "before") != 0) ||
	    skip < 0 || count < 0 || delay_ms < 0 || delay_ms > DELAY_MS_MAX ||
	    fault.status < 200 || fault.status > 599 ||
	    !(fault.probability >= 0 && fault.probability <= 1) ||
	    (!fault.after && (fault.deed == FAULT_TRUNCATE || fault.deed == FAULT_CUT)) ||
	    (headers != NULL && !json_is_object(headers)) ||
	    !read_headers(faults, headers, &fault) || faults->list.count == FAULTS_MAX) {
		*ret_problem = "no such fault; see faults.h";
		return 0;
	}
	fault.number = ++faults->numbers;
	fault.endpoint = must(lb_arena_strdup(&faults->arena, endpoint));
	fault.type = must(lb_arena_strdup(&faults->arena, type));
	fault.body = body != NULL ? body_text(&faults->arena, body) : NULL;
	*(struct fault *)must(lb_list_add(&faults->arena, &faults->list)) = fault;
	return fault.number;
}

json_t *faults_json(const struct faults *faults)
{
	json_t *list = must(json_array());
	for (size_t i = 0; i < faults->list.count; i++) {
		const struct fault *fault = &faults->list.items[i];
		(void)json_array_append_new(
			list,
			json_pack("{s:i, s:s, s:s, s:I, s:I}", "fault", fault->number, "endpoint",
				  fault->endpoint, "do", deeds[fault->deed], "seen",
				  (json_int_t)fault->seen, "met", (json_int_t)fault->met));
	}
	return must(json_pack("{s:o}", "faults", list));
}

static bool by_chance(struct fault *fault)
{
	fault->random ^= fault->random << 13;
	fault->random ^= fault->random >> 7;
	fault->random ^= fault->random << 17;
	return (double)(fault->random >> 11) * 0x1p-53 < fault->probability;
}

static bool is_due(struct fault *fault)
{
	return ++fault->seen > fault->skip && (fault->count == 0 || fault->met < fault->count) &&
	       by_chance(fault);
}

static const struct fault *copy_of(const struct fault *fault, struct lb_arena *arena)
{
	struct fault *copy = must(lb_arena_alloc(arena, sizeof(*copy)));
	*copy = *fault;
	copy->endpoint = must(lb_arena_strdup(arena, fault->endpoint));
	copy->type = must(lb_arena_strdup(arena, fault->type));
	copy->body = lb_arena_strdup(arena, fault->body);
	copy->headers = (struct pair_list){0};
	for (size_t i = 0; i < fault->headers.count; i++) {
		struct pair *pair = must(lb_list_add(arena, &copy->headers));
		pair->name = must(lb_arena_strdup(arena, fault->headers.items[i].name));
		pair->value = must(lb_arena_strdup(arena, fault->headers.items[i].value));
	}
	return copy;
}

const struct fault *faults_meet(struct faults *faults, const struct request *request)
{
	struct fault *met = NULL;
	for (size_t i = 0; i < faults->list.count; i++) {
		struct fault *fault = &faults->list.items[i];
		if (lb_text_ends_with(request->path, fault->endpoint) && is_due(fault) &&
		    met == NULL) {
			met = fault;
			met->met++;
		}
	}
	return met != NULL ? copy_of(met, request->arena) : NULL;
}

void fault_answer(const struct fault *fault, struct answer *answer)
{
	if (fault->deed == FAULT_LOGIN) {
		answer_login_page(answer);
	} else if (fault->deed == FAULT_TRUNCATE) {
		answer->length /= 2;
	} else if (fault->deed == FAULT_ANSWER) {
		answer->header_count = 0;
		if (fault->body != NULL) {
			answer_text(answer, fault->status, fault->type, fault->body);
		} else {
			answer_error(answer, fault->status, error_code_of(fault->status),
				     "This was told to go wrong.");
		}
		for (size_t i = 0; i < fault->headers.count; i++) {
			answer_header(answer, fault->headers.items[i].name,
				      fault->headers.items[i].value);
		}
	}
}
