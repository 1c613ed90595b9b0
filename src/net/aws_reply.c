#include "net/aws_reply.h"

#include "base/text.h"
#include "base/time.h"
#include "net/secret.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

void lb_aws_session_finish(struct lb_aws_session *session)
{
	lb_secret_free(session->access_key_id);
	lb_secret_free(session->secret_access_key);
	lb_secret_free(session->session_token);
	*session = (struct lb_aws_session){.expires_at_us = LB_TIME_NONE};
}

enum lb_err lb_aws_session_init(struct lb_aws_session *ret_session, const struct lb_aws_keys *keys,
				int64_t expires_at_us, struct lb_error *error)
{
	*ret_session = (struct lb_aws_session){
		.access_key_id = lb_strdup(keys->access_key_id),
		.secret_access_key = lb_strdup(keys->secret_access_key),
		.session_token = lb_strdup(keys->session_token),
		.expires_at_us = expires_at_us,
	};
	if (ret_session->access_key_id == NULL || ret_session->secret_access_key == NULL ||
	    (ret_session->session_token == NULL && keys->session_token != NULL)) {
		lb_aws_session_finish(ret_session);
		return lb_fail_nomem(error);
	}
	return LB_OK;
}

struct lb_aws_keys lb_aws_session_keys(const struct lb_aws_session *session)
{
	return (struct lb_aws_keys){session->access_key_id, session->secret_access_key,
				    session->session_token};
}

/* NULL is no text; neither is an empty one. */
static enum lb_err keep(const struct lb_aws_keys *keys, const char *expires, bool temporary,
			struct lb_aws_session *ret_session, struct lb_error *error)
{
	int64_t expires_at_us = LB_TIME_NONE;
	if (keys->access_key_id == NULL || keys->secret_access_key == NULL) {
		return lb_fail(error, LB_CORRUPT,
			       "the answer has no access key id or no secret access key");
	}
	if (temporary && (keys->session_token == NULL || expires == NULL)) {
		return lb_fail(error, LB_CORRUPT, "the answer has no session token or no expiry");
	}
	if (expires != NULL && !lb_time_parse(expires, &expires_at_us)) {
		return lb_fail(error, LB_CORRUPT, "the answer's expiry is not a time");
	}
	return lb_aws_session_init(ret_session, keys, expires_at_us, error);
}

/* The first line of text, fit for a terminal. */
static void show(const char *text, char *out, size_t size)
{
	struct lb_arena arena = {0};
	size_t length = strcspn(text, "\r\n");
	char *line = lb_arena_strndup(&arena, text, length < size * 2 ? length : size * 2);
	char *printable = line != NULL ? lb_text_printable(&arena, line) : NULL;
	(void)snprintf(out, size, "%s", printable != NULL ? printable : "");
	for (size_t end = strlen(out); !lb_utf8_valid(out);) {
		out[--end] = '\0'; /* half a character, where it was cut */
	}
	lb_arena_finish(&arena);
}

static const char *json_member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text != NULL && *text != '\0' ? text : NULL;
}

static enum lb_err keep_json(const json_t *object, bool temporary,
			     struct lb_aws_session *ret_session, struct lb_error *error)
{
	const char *code = json_member(object, "Code");
	if (code != NULL && strcmp(code, "Success") != 0) {
		struct lb_aws_refusal refusal = {0};
		const char *message = json_member(object, "Message");
		show(code, refusal.code, sizeof(refusal.code));
		show(message != NULL ? message : "", refusal.message, sizeof(refusal.message));
		return lb_fail(error, LB_REFUSED, "%s%s%s", refusal.code,
			       *refusal.message != '\0' ? ": " : "", refusal.message);
	}
	struct lb_aws_keys keys = {json_member(object, "AccessKeyId"),
				   json_member(object, "SecretAccessKey"),
				   json_member(object, "Token")};
	return keep(&keys, json_member(object, "Expiration"), temporary, ret_session, error);
}

static enum lb_err load_json(const char *body, size_t length, json_t **ret_object,
			     struct lb_aws_session *ret_session, struct lb_error *error)
{
	*ret_session = (struct lb_aws_session){.expires_at_us = LB_TIME_NONE};
	if (length > LB_AWS_REPLY_BYTES_MAX) {
		return lb_fail(error, LB_CORRUPT, "the answer is too large");
	}
	*ret_object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*ret_object)) {
		json_decref(*ret_object);
		return lb_fail(error, LB_CORRUPT, "the answer is not a JSON object");
	}
	return LB_OK;
}

enum lb_err lb_aws_reply_json(const char *body, size_t length, bool temporary,
			      struct lb_aws_session *ret_session, struct lb_error *error)
{
	json_t *object = NULL;
	enum lb_err err = load_json(body, length, &object, ret_session, error);
	if (err == LB_OK) {
		err = keep_json(object, temporary, ret_session, error);
		json_decref(object);
	}
	return err;
}

static enum lb_err keep_process(const json_t *object, struct lb_aws_session *ret_session,
				struct lb_error *error)
{
	if (json_integer_value(json_object_get(object, "Version")) != 1) {
		return lb_fail(error, LB_CORRUPT, "the answer's Version is not 1");
	}
	struct lb_aws_keys keys = {json_member(object, "AccessKeyId"),
				   json_member(object, "SecretAccessKey"),
				   json_member(object, "SessionToken")};
	return keep(&keys, json_member(object, "Expiration"), false, ret_session, error);
}

enum lb_err lb_aws_reply_process(const char *body, size_t length,
				 struct lb_aws_session *ret_session, struct lb_error *error)
{
	json_t *object = NULL;
	enum lb_err err = load_json(body, length, &object, ret_session, error);
	if (err == LB_OK) {
		err = keep_process(object, ret_session, error);
		json_decref(object);
	}
	return err;
}

/* NULL when the bytes are no XML. A document type is nothing that STS sends. */
static xmlDoc *parse_xml(const char *body, size_t length)
{
	if (length == 0 || length > LB_AWS_REPLY_BYTES_MAX) {
		return NULL;
	}
	xmlDoc *document = xmlReadMemory(body, (int)length, NULL, NULL,
					 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (document != NULL && document->intSubset != NULL) {
		xmlFreeDoc(document);
		return NULL;
	}
	return document;
}

/* The next node in document order; NULL after the last below root. */
static xmlNode *next_node(const xmlNode *root, xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
		return node->children;
	}
	while (node != root && node->next == NULL) {
		node = node->parent;
	}
	return node != root ? node->next : NULL;
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The first element of that name at or below root, whatever its namespace. */
static xmlNode *find_element(xmlNode *root, const char *name)
{
	for (xmlNode *node = root; node != NULL; node = next_node(root, node)) {
		if (is_element(node, name)) {
			return node;
		}
	}
	return NULL;
}

/* The text of parent's child of that name; NULL for none, or an empty one. */
static const char *child_text(const xmlNode *parent, const char *name)
{
	for (const xmlNode *child = parent->children; child != NULL; child = child->next) {
		const xmlNode *text = is_element(child, name) ? child->children : NULL;
		if (text != NULL && text->next == NULL && text->type == XML_TEXT_NODE &&
		    *text->content != '\0') {
			return (const char *)text->content;
		}
	}
	return NULL;
}

static void wipe(xmlDoc *document)
{
	xmlNode *root = xmlDocGetRootElement(document);
	for (xmlNode *node = root; node != NULL; node = next_node(root, node)) {
		if (node->type == XML_TEXT_NODE && node->content != NULL) {
			explicit_bzero(node->content, strlen((const char *)node->content));
		}
	}
	xmlFreeDoc(document);
}

enum lb_err lb_aws_reply_xml(const char *body, size_t length, struct lb_aws_session *ret_session,
			     struct lb_error *error)
{
	*ret_session = (struct lb_aws_session){.expires_at_us = LB_TIME_NONE};
	xmlDoc *document = parse_xml(body, length);
	if (document == NULL) {
		return lb_fail(error, LB_CORRUPT, "the answer is not XML");
	}
	xmlNode *root = xmlDocGetRootElement(document);
	const xmlNode *found = root != NULL ? find_element(root, "Credentials") : NULL;
	enum lb_err err = LB_OK;
	if (found != NULL) {
		struct lb_aws_keys keys = {child_text(found, "AccessKeyId"),
					   child_text(found, "SecretAccessKey"),
					   child_text(found, "SessionToken")};
		err = keep(&keys, child_text(found, "Expiration"), true, ret_session, error);
	} else {
		err = lb_fail(error, LB_CORRUPT, "the answer has no Credentials in it");
	}
	wipe(document);
	return err;
}

/* "com.amazonaws.sqs#QueueDoesNotExist" → "QueueDoesNotExist" */
static const char *type_name(const char *type)
{
	const char *hash = type != NULL ? strrchr(type, '#') : NULL;
	return hash != NULL ? hash + 1 : type;
}

static void refusal_of_json(const char *body, size_t length, struct lb_aws_refusal *refusal)
{
	json_t *object = json_loadb(body, length, 0, NULL);
	const char *code = json_member(object, "code");
	const char *message = json_member(object, "message");
	code = code != NULL ? code : json_member(object, "Code");
	code = code != NULL ? code : type_name(json_member(object, "__type"));
	message = message != NULL ? message : json_member(object, "Message");
	show(code != NULL ? code : "", refusal->code, sizeof(refusal->code));
	show(message != NULL ? message : "", refusal->message, sizeof(refusal->message));
	json_decref(object);
}

static void refusal_of_xml(xmlDoc *document, struct lb_aws_refusal *refusal)
{
	xmlNode *root = xmlDocGetRootElement(document);
	const xmlNode *found = root != NULL ? find_element(root, "Error") : NULL;
	const char *code = found != NULL ? child_text(found, "Code") : NULL;
	const char *message = found != NULL ? child_text(found, "Message") : NULL;
	show(code != NULL ? code : "", refusal->code, sizeof(refusal->code));
	show(message != NULL ? message : "", refusal->message, sizeof(refusal->message));
	wipe(document);
}

void lb_aws_reply_refusal(const char *body, size_t length, struct lb_aws_refusal *ret_refusal)
{
	*ret_refusal = (struct lb_aws_refusal){0};
	if (length == 0 || length > LB_AWS_REPLY_BYTES_MAX) {
		return;
	}
	xmlDoc *document = *body == '<' ? parse_xml(body, length) : NULL;
	if (document != NULL) {
		refusal_of_xml(document, ret_refusal);
	} else {
		refusal_of_json(body, length, ret_refusal);
	}
}
