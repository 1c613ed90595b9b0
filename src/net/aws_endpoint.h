/* aws_endpoint.h: which servers are AWS', and which may be asked for credentials.
 * Pure; any thread. */
#ifndef LB_NET_AWS_ENDPOINT_H
#define LB_NET_AWS_ENDPOINT_H

#include <stdbool.h>

/* The domain that a region's services are in: "amazonaws.com", of regions of
 * other partitions (cn-…, us-iso-…) their own. */
const char *lb_aws_domain(const char *region);

/* Of the form http[s]://HOST[:PORT], without user, path and query, in ASCII that can
 * be seen, so that a request to it can be signed. */
bool lb_aws_endpoint_valid(const char *url);

/* Whether container credentials may be asked for at url: over TLS, or on this
 * very machine. AWS SDKs and Tools Reference Guide, "Container credential
 * provider": loopback addresses, 169.254.170.2 (ECS), 169.254.170.23 and
 * [fd00:ec2::23] (EKS); beyond it "localhost", as the AWS CLI allows. */
bool lb_aws_container_url_allowed(const char *url);

#endif
