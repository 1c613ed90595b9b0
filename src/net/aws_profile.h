/* aws_profile.h: what ~/.aws/config and ~/.aws/credentials say.
 *
 * Defined in the AWS SDKs and Tools Reference Guide, "Shared config and
 * credentials files" and "Service-specific endpoints":
 *
 *     # a comment; so is what follows " #" or " ;" in a value
 *     [profile lake]              [lake] in the credentials file, [default] in both
 *     region = eu-central-1
 *     s3 =                        a block: its settings are indented
 *         addressing_style = path
 *     services = local
 *     [services local]
 *     sts =
 *         endpoint_url = http://localhost:4566
 *
 * Sections of other kinds are skipped. A section, or a setting, that stands
 * twice is merged, the later one wins; the credentials file wins over the
 * other. Names of settings fold case.
 *
 * Threads: one at a time. Messages name file and line and never show what
 * stands there, as it may be a secret. */
#ifndef LB_NET_AWS_PROFILE_H
#define LB_NET_AWS_PROFILE_H

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>

#define LB_AWS_FILE_BYTES_MAX ((size_t)256 * 1024)

/* Where environment variables come from: getenv, or a test. get returns a text
 * that lives as long as whoever asks, or NULL. */
struct lb_aws_environment {
	const char *(*get)(void *data, const char *name);
	void *data;
};

extern const struct lb_aws_environment lb_aws_process_environment;

/* The variable, or NULL when it is not set or empty. */
const char *lb_aws_environment_get(const struct lb_aws_environment *environment, const char *name);

enum lb_aws_file { LB_AWS_CONFIG_FILE, LB_AWS_CREDENTIALS_FILE, LB_AWS_FILE_MAX };
enum lb_aws_section { LB_AWS_OTHER, LB_AWS_PROFILE, LB_AWS_SERVICES };

/* group: the block that the setting stands in, NULL outside of one.
 * value: "" when none is given. line: from 1. */
struct lb_aws_setting {
	enum lb_aws_section section;
	const char *section_name;
	const char *group;
	const char *name;
	char *value;
	enum lb_aws_file file;
	int line;
};

struct lb_aws_setting_list LB_LIST_OF(struct lb_aws_setting);
struct lb_aws_name_list LB_LIST_OF(const char *);

/* Zeroed is empty. paths: where the files are or would be, for messages; NULL
 * when there is no home directory. profiles: names of those that exist. */
struct lb_aws_profiles {
	const char *paths[LB_AWS_FILE_MAX];
	char *bytes[LB_AWS_FILE_MAX];
	size_t sizes[LB_AWS_FILE_MAX];
	struct lb_aws_setting_list settings;
	struct lb_aws_name_list profiles;
	struct lb_arena arena;
};

/* Reads both files: those that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE
 * name, else those in ~/.aws. A file that does not exist is empty.
 * Errors: INVALID with file and line, IO, NOMEM; then *ret_profiles is empty. */
enum lb_err lb_aws_profiles_read(const struct lb_aws_environment *environment,
				 struct lb_aws_profiles *ret_profiles,
				 struct lb_error *error) LB_MUST_CHECK;

/* Adds the content of one file, each once, the config file first. text: from
 * lb_alloc; owned by profiles from now on, also on errors. */
enum lb_err lb_aws_profiles_parse(struct lb_aws_profiles *profiles, enum lb_aws_file file,
				  char *text, struct lb_error *error) LB_MUST_CHECK;

/* Zeroes what was read, and frees. Zeroed is fine. */
void lb_aws_profiles_finish(struct lb_aws_profiles *profiles);

bool lb_aws_profile_exists(const struct lb_aws_profiles *profiles, const char *profile);

/* The setting of a profile, or NULL; an empty one counts as none. */
const struct lb_aws_setting *lb_aws_profile_setting(const struct lb_aws_profiles *profiles,
						    const char *profile, const char *name);

/* The same, as its value alone. */
const char *lb_aws_profile_value(const struct lb_aws_profiles *profiles, const char *profile,
				 const char *name);

/* A setting within a block of the profile ("s3", "addressing_style"), or NULL. */
const char *lb_aws_profile_nested(const struct lb_aws_profiles *profiles, const char *profile,
				  const char *group, const char *name);

/* The profile to use: AWS_PROFILE, else AWS_DEFAULT_PROFILE, else "default". */
const char *lb_aws_profile_chosen(const struct lb_aws_environment *environment);

/* The region: AWS_REGION, AWS_DEFAULT_REGION, the profile's; NULL if none. */
const char *lb_aws_region(const struct lb_aws_environment *environment,
			  const struct lb_aws_profiles *profiles, const char *profile);

/* The endpoint configured for a service ("s3", "sqs", "sts"): AWS_ENDPOINT_URL_<SERVICE>,
 * AWS_ENDPOINT_URL, the profile's services section, the profile's endpoint_url;
 * NULL if none, or when AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true. */
const char *lb_aws_endpoint_url(const struct lb_aws_environment *environment,
				const struct lb_aws_profiles *profiles, const char *profile,
				const char *service);

#endif
