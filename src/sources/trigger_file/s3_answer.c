#include "sources/trigger_file/s3_answer.h"

#include "base/text.h"
#include "net/aws_clock.h"

#include <string.h>

/* A status that every code of the row comes with, or 0; the code, or NULL for any. Advice
 * that ends in a blank ends in the right that is needed. */
static const struct {
	const char *code;
	int status;
	enum lb_s3_remedy remedy;
	enum lb_err err;
	const char *advice;
} rows[] = {
	{"SlowDown", 0, LB_S3_SLOWER, LB_UNAVAILABLE, "it will be asked more slowly"},
	{"ServiceUnavailable", 0, LB_S3_SLOWER, LB_UNAVAILABLE, "it will be asked more slowly"},
	{"RequestLimitExceeded", 0, LB_S3_SLOWER, LB_UNAVAILABLE, "it will be asked more slowly"},
	{"Throttling", 0, LB_S3_SLOWER, LB_UNAVAILABLE, "it will be asked more slowly"},
	{"InternalError", 0, LB_S3_LATER, LB_UNAVAILABLE, "it will be asked again"},
	{"RequestTimeout", 0, LB_S3_LATER, LB_UNAVAILABLE, "it will be asked again"},
	{"OperationAborted", 0, LB_S3_LATER, LB_UNAVAILABLE, "it will be asked again"},
	{"PermanentRedirect", 0, LB_S3_MOVED, LB_INVALID,
	 "set the bucket's region (s3: region, or AWS_REGION)"},
	{"TemporaryRedirect", 0, LB_S3_MOVED, LB_INVALID,
	 "set the bucket's region (s3: region, or AWS_REGION)"},
	{"AuthorizationHeaderMalformed", 0, LB_S3_MOVED, LB_INVALID,
	 "set the bucket's region (s3: region, or AWS_REGION)"},
	{"IllegalLocationConstraintException", 0, LB_S3_MOVED, LB_INVALID,
	 "set the bucket's region (s3: region, or AWS_REGION)"},
	{"ExpiredToken", 0, LB_S3_RENEW, LB_UNAVAILABLE, "renew the session's credentials"},
	{"TokenRefreshRequired", 0, LB_S3_RENEW, LB_UNAVAILABLE, "renew the session's credentials"},
	{"InvalidToken", 0, LB_S3_RENEW, LB_INVALID, "check the session token"},
	{"InvalidAccessKeyId", 0, LB_S3_RENEW, LB_INVALID, "check the access key id"},
	{"SignatureDoesNotMatch", 0, LB_S3_FINAL, LB_INVALID, "check the secret access key"},
	{"NoSuchBucket", 0, LB_S3_FINAL, LB_NOT_FOUND,
	 "create it, or correct base_trigger_file_location"},
	{"InvalidBucketName", 0, LB_S3_FINAL, LB_INVALID, "correct base_trigger_file_location"},
	{"AccessDenied", 0, LB_S3_FINAL, LB_REFUSED, "allow "},
	{"AllAccessDisabled", 0, LB_S3_FINAL, LB_REFUSED, "ask the bucket's owner"},
	{NULL, 301, LB_S3_MOVED, LB_INVALID, "set the bucket's region (s3: region, or AWS_REGION)"},
	{NULL, 307, LB_S3_MOVED, LB_INVALID, "set the bucket's region (s3: region, or AWS_REGION)"},
	{NULL, 403, LB_S3_FINAL, LB_REFUSED, "allow "},
	{NULL, 404, LB_S3_FINAL, LB_NOT_FOUND, "create it, or correct base_trigger_file_location"},
	{NULL, 429, LB_S3_SLOWER, LB_UNAVAILABLE, "it will be asked more slowly"},
	{NULL, 503, LB_S3_SLOWER, LB_UNAVAILABLE, "it will be asked more slowly"},
};

static const size_t row_count = sizeof(rows) / sizeof(rows[0]);

/* The row of the code, else that of the status; row_count: none. */
static size_t find_row(int status, const char *code)
{
	size_t by_status = row_count;
	for (size_t i = 0; i < row_count; i++) {
		if (rows[i].code != NULL && strcmp(rows[i].code, code) == 0) {
			return i;
		}
		if (rows[i].code == NULL && rows[i].status == status && by_status == row_count) {
			by_status = i;
		}
	}
	return by_status;
}

enum lb_s3_remedy lb_s3_answer_judge(const struct lb_s3_place *place,
				     const struct lb_s3_asked *asked, int status, const char *code,
				     const char *message, struct lb_error *ret_error)
{
	size_t row = find_row(status, code);
	bool later = row == row_count && status >= 500;
	enum lb_err err = row < row_count ? rows[row].err : later ? LB_UNAVAILABLE : LB_INVALID;
	const char *advice = row < row_count ? rows[row].advice
			     : later         ? "it will be asked again"
					     : "is that an S3 endpoint?";
	bool clock = lb_aws_clock_blamed(code, message);
	if (clock) {
		err = LB_UNAVAILABLE;
		advice = "set this machine's clock";
	}
	bool denied = lb_text_ends_with(advice, " ");
	(void)lb_fail(ret_error, err, "bucket %s, %s '%s': HTTP %d%s%s%s%s; %s%s%s", place->bucket,
		      asked->noun, asked->name, status, *code != '\0' ? " " : "", code,
		      *message != '\0' ? ": " : "", message, advice, denied ? asked->right : "",
		      denied ? " on the bucket for it" : "");
	if (clock) {
		return LB_S3_CLOCK;
	}
	return row < row_count ? rows[row].remedy : later ? LB_S3_LATER : LB_S3_FINAL;
}
