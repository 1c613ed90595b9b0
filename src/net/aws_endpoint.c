#include "net/aws_endpoint.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

const char *lb_aws_domain(const char *region)
{
	static const struct {
		const char *prefix;
		const char *domain;
	} partitions[] = {
		{"cn-", "amazonaws.com.cn"},    {"us-isob-", "sc2s.sgov.gov"},
		{"us-iso-", "c2s.ic.gov"},      {"us-isof-", "csp.hci.ic.gov"},
		{"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-", "amazonaws.eu"},
	};
	for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
		if (lb_text_starts_with(region, partitions[i].prefix)) {
			return partitions[i].domain;
		}
	}
	return "amazonaws.com";
}

/* A line break would end the request's line, or a line of what is signed. */
static bool is_visible_ascii(const char *text)
{
	while (*text > ' ' && *text < 0x7F) {
		text++;
	}
	return *text == '\0';
}

bool lb_aws_endpoint_valid(const char *url)
{
	const char *host = strstr(url, "://");
	return (lb_text_starts_with(url, "http://") || lb_text_starts_with(url, "https://")) &&
	       host[3] != '\0' && strpbrk(host + 3, "/?#@\\") == NULL && is_visible_ascii(host);
}

/* "http://localhost:80/x" → host without brackets, or false. */
static bool host_of(const char *url, char *host, size_t size)
{
	const char *start = strstr(url, "://");
	if (start == NULL) {
		return false;
	}
	start += 3;
	bool bracket = *start == '[';
	start += bracket;
	size_t length = strcspn(start, bracket ? "]" : ":/?#");
	if (length == 0 || length >= size || (bracket && start[length] != ']') ||
	    memchr(start, '@', length) != NULL) {
		return false;
	}
	char after = start[length + bracket];
	if (after != '\0' && strchr(":/?#", after) == NULL) {
		return false;
	}
	memcpy(host, start, length);
	host[length] = '\0';
	return true;
}

bool lb_aws_container_url_allowed(const char *url)
{
	char host[64];
	if (lb_text_starts_with(url, "https://")) {
		return true;
	}
	/* "user@host" would send the request elsewhere than it looks. */
	if (!lb_text_starts_with(url, "http://") || strpbrk(url, "@\\") != NULL ||
	    !host_of(url, host, sizeof(host))) {
		return false;
	}
	struct in_addr four;
	struct in6_addr six;
	struct in6_addr eks;
	if (inet_pton(AF_INET, host, &four) == 1) {
		return (ntohl(four.s_addr) >> 24) == 127 || strcmp(host, "169.254.170.2") == 0 ||
		       strcmp(host, "169.254.170.23") == 0;
	}
	if (inet_pton(AF_INET6, host, &six) == 1 &&
	    inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1) {
		return IN6_IS_ADDR_LOOPBACK(&six) || memcmp(&six, &eks, sizeof(six)) == 0;
	}
	return strcmp(host, "localhost") == 0;
}
