#include "engine/token.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static void update(EVP_MD_CTX *context, const char *text)
{
	int ok = EVP_DigestUpdate(context, text, strlen(text) + 1);
	assert(ok == 1);
	(void)ok;
}

static void update_number(EVP_MD_CTX *context, int64_t number)
{
	char text[24];
	(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	update(context, text);
}

enum lb_err lb_token_make(const char *deployment_id, struct lb_run *run, struct lb_error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(context);
		return lb_fail_nomem(error);
	}
	update(context, deployment_id);
	update(context, run->trigger_job_id);
	update_number(context, run->run_no);
	update_number(context, run->attempt);
	int ok = EVP_DigestFinal_ex(context, digest, NULL);
	assert(ok == 1);
	(void)ok;
	EVP_MD_CTX_free(context);
	for (size_t i = 0; i < LB_TOKEN_LENGTH / 2; i++) {
		(void)snprintf(run->token + 2 * i, 3, "%02x", digest[i]);
	}
	return LB_OK;
}
