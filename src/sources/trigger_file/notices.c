#include "sources/trigger_file/notices.h"

#include "sources/trigger_file/object_source.h"

/* posted: those who wait, in the order in which they came.
 * next: whose turn it is after the one that is being told, who may cancel it. */
struct lb_notices {
	struct lb_source *sources[LB_NOTICE_SOURCES_MAX];
	size_t source_count;
	struct lb_notice *posted;
	struct lb_notice **end;
	struct lb_notice *next;
};

static void take_out(struct lb_notices *notices, struct lb_notice *notice)
{
	struct lb_notice **place = &notices->posted;
	while (*place != notice) {
		place = &(*place)->next;
	}
	*place = notice->next;
	if (notices->end == &notice->next) {
		notices->end = place;
	}
	if (notices->next == notice) {
		notices->next = notice->next;
	}
	notice->is_posted = false;
}

static size_t index_of(const struct lb_notices *notices, const struct lb_source *source)
{
	size_t i = 0;
	while (notices->sources[i] != source) {
		i++;
	}
	return i;
}

static void on_recorded(void *data, struct lb_source *source, uint64_t receipt)
{
	struct lb_notices *notices = data;
	size_t i = index_of(notices, source);
	for (struct lb_notice *notice = notices->posted; notice != NULL; notice = notices->next) {
		notices->next = notice->next;
		if (notice->receipts[i] == 0 || notice->receipts[i] > receipt) {
			continue;
		}
		notice->receipts[i] = 0;
		if (--notice->missing == 0) {
			take_out(notices, notice);
			notice->done(notice);
		}
	}
}

enum lb_err lb_notices_create(struct lb_notices **ret_notices, struct lb_error *error)
{
	struct lb_notices *notices = lb_alloc(sizeof(*notices));
	if (notices == NULL) {
		return lb_fail_nomem(error);
	}
	notices->end = &notices->posted;
	*ret_notices = notices;
	return LB_OK;
}

void lb_notices_destroy(struct lb_notices *notices)
{
	lb_free(notices);
}

enum lb_err lb_notices_add(struct lb_notices *notices, struct lb_source *source,
			   struct lb_error *error)
{
	if (notices->source_count == LB_NOTICE_SOURCES_MAX) {
		return lb_fail(error, LB_UNSUPPORTED,
			       "notifications serve %d base locations at most",
			       LB_NOTICE_SOURCES_MAX);
	}
	lb_trigger_file_objects_listen(source, on_recorded, notices);
	notices->sources[notices->source_count++] = source;
	return LB_OK;
}

/* True when all could be told. */
static bool tell_all(struct lb_notices *notices, struct lb_notice *notice,
		     const struct lb_notification_list *created)
{
	for (size_t i = 0; i < notices->source_count; i++) {
		enum lb_told told = lb_trigger_file_objects_tell(notices->sources[i], created,
								 &notice->receipts[i]);
		if (told == LB_TOLD_LATER) {
			return false;
		}
		notice->missing += told == LB_TOLD_TAKEN;
	}
	return true;
}

static void enlist(struct lb_notices *notices, struct lb_notice *notice)
{
	*notices->end = notice;
	notices->end = &notice->next;
	notice->is_posted = true;
}

enum lb_notice_fate lb_notices_post(struct lb_notices *notices, struct lb_notice *notice,
				    const char *body, size_t length, struct lb_error *error)
{
	struct lb_arena arena = {0};
	struct lb_notifications read;
	enum lb_err err = lb_notifications_parse(body, length, &arena, &read, error);
	enum lb_notice_fate fate = err == LB_OK      ? LB_NOTICE_NOTHING
				   : err == LB_NOMEM ? LB_NOTICE_LATER
						     : LB_NOTICE_MALFORMED;
	*notice = (struct lb_notice){.done = notice->done, .data = notice->data};
	if (err == LB_OK && !tell_all(notices, notice, &read.created)) {
		fate = LB_NOTICE_LATER;
	} else if (notice->missing > 0) {
		enlist(notices, notice);
		fate = LB_NOTICE_TAKEN;
	}
	lb_arena_finish(&arena);
	return fate;
}

void lb_notices_cancel(struct lb_notices *notices, struct lb_notice *notice)
{
	if (notice->is_posted) {
		take_out(notices, notice);
	}
}
