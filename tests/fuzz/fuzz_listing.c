/* One pass over any object store that lists honestly: whatever its keys, the sensors and
 * their floors are, all that lies above a floor is found, and once. First line: keys a
 * page, with a '-' before it to ask for each sensor alone. Then a line a key; "@id floor"
 * is a sensor, "!id floor" one with much below its floor. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sources/trigger_file/skip_scan.h"

#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX 16

struct key {
	const char *text;
	bool found;
};

struct place {
	struct LB_LIST_OF(struct key) keys;
	struct lb_skip_target targets[TARGETS_MAX];
	size_t target_count;
	size_t page_keys;
	bool narrow;
};

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

static void add_target(struct place *place, char *line)
{
	bool large = *line == '!';
	const char *id = line + 1;
	char *blank = strchr(id, ' ');
	const char *floor = blank != NULL ? blank + 1 : "";
	if (blank != NULL) {
		*blank = '\0';
	}
	for (size_t i = 0; i < place->target_count; i++) {
		if (strcmp(place->targets[i].sensor_id, id) == 0) {
			return;
		}
	}
	if (place->target_count < TARGETS_MAX && lb_sensor_id_problem(id) == NULL) {
		place->targets[place->target_count++] =
			(struct lb_skip_target){.sensor_id = id, .floor = floor, .large = large};
	}
}

/* No two objects have one key. */
static void make_unique(struct place *place)
{
	size_t kept = 0;
	if (place->keys.count == 0) {
		return;
	}
	qsort(place->keys.items, place->keys.count, sizeof(struct key), compare_keys);
	for (size_t i = 1; i < place->keys.count; i++) {
		if (strcmp(place->keys.items[i].text, place->keys.items[kept].text) != 0) {
			place->keys.items[++kept] = place->keys.items[i];
		}
	}
	place->keys.count = kept + 1;
}

static void make_place(struct lb_arena *arena, char *rest, struct place *place)
{
	long page_keys = strtol(fuzz_line(&rest), NULL, 10);
	place->narrow = page_keys < 0;
	place->page_keys = (size_t)(labs(page_keys % 1000)) + 1;
	for (char *line; (line = fuzz_line(&rest)) != NULL;) {
		if (*line == '@' || *line == '!') {
			add_target(place, line);
		} else if (*line != '\0' && strlen(line) < LB_KEY_MAX) {
			struct key *key = lb_list_add(arena, &place->keys);
			assert(key != NULL);
			key->text = line;
		}
	}
	make_unique(place);
	lb_skip_targets_sort(place->targets, place->target_count);
}

static void show(struct lb_skip_scan *scan, const struct place *place, struct key *key)
{
	size_t position;
	const char *file_name;
	struct lb_error error;
	assert(lb_skip_scan_key(scan, key->text, &position, &file_name, &error) == LB_OK);
	if (position < place->target_count) {
		assert(!key->found && file_name[-1] == '/');
		key->found = true;
	}
}

static void list_page(struct lb_skip_scan *scan, struct place *place,
		      const struct lb_skip_request *request)
{
	const char *shown_to = NULL;
	struct lb_error error;
	size_t shown = 0;
	for (size_t i = 0; i < place->keys.count; i++) {
		struct key *key = &place->keys.items[i];
		if (strcmp(key->text, request->start_after) <= 0 ||
		    (request->prefix != NULL && !lb_text_starts_with(key->text, request->prefix))) {
			continue;
		}
		if (shown++ == place->page_keys) {
			shown_to = place->keys.items[i - 1].text;
			break;
		}
		show(scan, place, key);
	}
	assert(lb_skip_scan_page(scan, shown_to, &error) == LB_OK);
}

static void check_found(const struct place *place, const struct lb_skip_target *target)
{
	size_t length = strlen(target->sensor_id);
	for (size_t i = 0; i < place->keys.count; i++) {
		const struct key *key = &place->keys.items[i];
		if (lb_text_starts_with(key->text, target->sensor_id) && key->text[length] == '/' &&
		    strcmp(key->text + length + 1, target->floor) > 0) {
			assert(key->found);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lb_arena arena = {0};
	struct place place = {0};
	make_place(&arena, fuzz_text(&arena, data, size), &place);
	struct lb_skip_scan scan;
	struct lb_skip_request request;
	lb_skip_scan_init(&scan, place.targets, place.target_count);
	size_t requests = 0;
	while (lb_skip_scan_next(&scan, place.narrow, &request)) {
		assert(requests++ <= place.keys.count + place.target_count);
		list_page(&scan, &place, &request);
	}
	assert(lb_skip_scan_done(&scan) == place.target_count);
	for (size_t i = 0; i < place.target_count; i++) {
		check_found(&place, &place.targets[i]);
	}
	lb_arena_finish(&arena);
	return 0;
}
