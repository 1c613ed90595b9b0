#include "net/secret.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_BYTES 32 /* of SHA-256 */

void lb_secret_free(char *secret)
{
	if (secret != NULL) {
		explicit_bzero(secret, strlen(secret));
		lb_free(secret);
	}
}

bool lb_secret_equal(const char *given, const char *secret)
{
	unsigned char one[DIGEST_BYTES];
	unsigned char other[DIGEST_BYTES];
	bool made = EVP_Digest(given, strlen(given), one, NULL, EVP_sha256(), NULL) == 1 &&
		    EVP_Digest(secret, strlen(secret), other, NULL, EVP_sha256(), NULL) == 1;
	bool equal = made && CRYPTO_memcmp(one, other, DIGEST_BYTES) == 0;
	explicit_bzero(other, sizeof(other));
	return equal;
}

static enum lb_err fail_errno(struct lb_error *error)
{
	if (errno == ENOENT || errno == ENOTDIR) {
		return lb_fail(error, LB_NOT_FOUND, "there is no such file");
	}
	return lb_fail(error, LB_IO, "cannot be read: %s", strerror(errno));
}

/* Up to size bytes; less only at the end of the file. */
static enum lb_err fill(int fd, char *bytes, size_t size, size_t *ret_length,
			struct lb_error *error)
{
	size_t length = 0;
	while (length < size) {
		ssize_t got = read(fd, bytes + length, size - length);
		if (got < 0 && errno != EINTR) {
			return fail_errno(error);
		}
		if (got == 0) {
			break;
		}
		length += got > 0 ? (size_t)got : 0;
	}
	*ret_length = length;
	return LB_OK;
}

static enum lb_err check_text(char *bytes, size_t length, size_t bytes_max, struct lb_error *error)
{
	if (length > bytes_max) {
		return lb_fail(error, LB_INVALID, "is larger than %zu KiB", bytes_max / 1024);
	}
	if (strlen(bytes) != length || !lb_utf8_valid(bytes)) {
		return lb_fail(error, LB_INVALID, "is not UTF-8 text");
	}
	if (lb_text_starts_with(bytes, "\xEF\xBB\xBF")) {
		memmove(bytes, bytes + 3, length - 3);
		explicit_bzero(bytes + length - 3, 3);
	}
	return LB_OK;
}

static enum lb_err read_fd(int fd, size_t bytes_max, char **ret_text, struct lb_error *error)
{
	struct stat status;
	if (fstat(fd, &status) != 0) {
		return fail_errno(error);
	}
	if (S_ISDIR(status.st_mode)) {
		return lb_fail(error, LB_INVALID, "is a directory, not a file");
	}
	char *bytes = lb_alloc(bytes_max + 2); /* one more than allowed is noticed */
	if (bytes == NULL) {
		return lb_fail_nomem(error);
	}
	size_t length = 0;
	enum lb_err err = fill(fd, bytes, bytes_max + 1, &length, error);
	err = err == LB_OK ? check_text(bytes, length, bytes_max, error) : err;
	if (err != LB_OK) {
		explicit_bzero(bytes, bytes_max + 2);
		lb_free(bytes);
		return err;
	}
	*ret_text = bytes;
	return LB_OK;
}

enum lb_err lb_secret_read_file(const char *path, size_t bytes_max, char **ret_text,
				struct lb_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		return fail_errno(error);
	}
	enum lb_err err = read_fd(fd, bytes_max, ret_text, error);
	(void)close(fd);
	return err;
}
