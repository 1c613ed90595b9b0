"""AWS Signature Version 4, written from Amazon's text and sharing nothing with lakebeat's own.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html says how a
request is signed; `sign()` does that for the tests' clients, `verify()` checks it for their servers.
"""
import calendar
import hashlib
import hmac
import time
from collections import namedtuple
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS = 15 * 60  # what Amazon tolerates between a request's time and its own

Credentials = namedtuple("Credentials", "access_key secret_key token", defaults=(None,))


class Refused(Exception):
    """A signature that does not hold; code: the word that Amazon's services use for it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def encode(text):
    """RFC 3986, as Amazon wants it: everything but the unreserved characters."""
    return quote(text, safe="-._~")


def canonical_path(path):
    """S3 signs a path as it is sent; "/" separates and is not encoded."""
    return "/".join(encode(part) for part in path.split("/"))


def canonical_query(pairs):
    return "&".join("%s=%s" % pair for pair in sorted((encode(name), encode(value))
                                                     for name, value in pairs))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret_key, scope, amz_date, canonical):
    key = ("AWS4" + secret_key).encode()
    for part in scope.split("/"):
        key = mac(key, part)
    text = "\n".join((ALGORITHM, amz_date, scope, sha256(canonical.encode())))
    return mac(key, text).hex()


def canonical_request(method, path, query, headers, signed, payload_hash):
    lines = [method, path, query]
    lines += ["%s:%s" % (name, " ".join(headers[name].split())) for name in signed]
    return "\n".join(lines + ["", ";".join(signed), payload_hash])


def sign(credentials, method, path, query, headers, payload_hash, region, service, now=None):
    """The headers to send in addition, the Authorization among them.

    path: encoded as it will be sent. query: canonical, as it will be sent. headers: those to sign,
    "host" among them. now: seconds, when not the clock's.
    """
    amz_date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if now is None else now))
    added = {"x-amz-date": amz_date, "x-amz-content-sha256": payload_hash}
    if credentials.token:
        added["x-amz-security-token"] = credentials.token
    all_headers = {name.lower(): value for name, value in {**headers, **added}.items()}
    signed = sorted(all_headers)
    scope = "/".join((amz_date[:8], region, service, "aws4_request"))
    canonical = canonical_request(method, path, query, all_headers, signed, payload_hash)
    added["Authorization"] = "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        ALGORITHM, credentials.access_key, scope, ";".join(signed),
        signature(credentials.secret_key, scope, amz_date, canonical))
    return added


def parse_authorization(text):
    """(access key, scope, signed headers, signature) of an Authorization header."""
    algorithm, _, rest = text.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        raise Refused("IncompleteSignature", "the Authorization header is not " + ALGORITHM)
    access_key, _, scope = fields["Credential"].partition("/")
    return access_key, scope, fields["SignedHeaders"].split(";"), fields["Signature"]


def verify(credentials, method, target, headers, body, region, service, now=None):
    """Raises Refused unless the request is signed by one of these credentials.

    credentials: an iterable of Credentials. target: the request's path and query as received.
    headers: with lower-case names. Returns the credentials that signed.
    """
    if "authorization" not in headers:
        raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token")
    access_key, scope, signed, given = parse_authorization(headers["authorization"])
    known = {one.access_key: one for one in credentials}.get(access_key)
    if known is None or known.token != headers.get("x-amz-security-token"):
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
    check_headers(headers, signed)
    amz_date = headers["x-amz-date"]
    check_scope(scope, amz_date, region, service, time.time() if now is None else now)
    path, _, query = target.partition("?")
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    canonical = canonical_request(
        method, canonical_path(unquote(path)),
        canonical_query([(unquote(name), unquote(value)) for name, value in pairs]),
        headers, signed, sha256(body))
    if not hmac.compare_digest(given, signature(known.secret_key, scope, amz_date, canonical)):
        raise Refused("SignatureDoesNotMatch",
                      "The request signature we calculated does not match the signature you provided.")
    return known


def check_headers(headers, signed):
    """What must be signed is signed, and what is signed is there."""
    for name in signed:
        if name not in headers:
            raise Refused("SignatureDoesNotMatch", "signed header %s is not sent" % name)
    must = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if signed != sorted(signed) or not must <= set(signed) or "x-amz-date" not in headers:
        raise Refused("IncompleteSignature", "not signed in order: %s" % ", ".join(sorted(must)))


def check_scope(scope, amz_date, region, service, now):
    want = "/".join((amz_date[:8], region, service, "aws4_request"))
    if scope != want:
        raise Refused("SignatureDoesNotMatch", "Credential should be scoped to %s" % want)
    try:
        signed_at = calendar.timegm(time.strptime(amz_date, "%Y%m%dT%H%M%SZ"))
    except ValueError as error:
        raise Refused("IncompleteSignature", "X-Amz-Date: %s" % amz_date) from error
    if abs(signed_at - now) > SKEW_SECONDS:
        raise Refused("SignatureDoesNotMatch", "Signature expired: %s" % amz_date)
