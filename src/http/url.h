// The parts of a URL that requests, logs and query strings need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::http {

// An absolute http or https URL, taken apart. Views into the text it was split from.
struct UrlParts {
  std::string_view scheme;
  std::string_view host_and_port;  // without credentials
  std::string_view host;           // an IPv6 address without its brackets
  std::string_view path;           // without query and fragment; may be empty
};

// Empty if `url` is not an absolute http or https URL with a host.
std::optional<UrlParts> SplitUrl(std::string_view url);

// For messages and logs: without credentials, query and fragment, where keys travel.
std::string PrintableUrl(std::string_view url);

// "localhost", "*.localhost", 127.0.0.0/8 and ::1, as written; names are not resolved.
bool IsLoopbackHost(std::string_view host);

// The URL that `reference`, a link or a redirect, means on the page at `base` (empty: it must be
// absolute), in one form for one resource: scheme and host in lower case, an international host
// as ASCII, an IPv4 address in dotted decimal however it was written, neither dot segments nor
// a default port, what URLs cannot hold percent-encoded; without credentials and fragment. As
// libcurl reads it, so what is checked is what is fetched. kInvalidArgument for what is not
// http or https, or longer than kMaxUrlBytes.
Result<std::string> ResolveUrl(std::string_view base, std::string_view reference);
inline constexpr std::size_t kMaxUrlBytes = 8 << 10U;

// Everything but RFC 3986's unreserved characters as %XX: safe as one query value or segment.
std::string PercentEncode(std::string_view text);

// Empty if a '%' is not followed by two hex digits. In a query, '+' stands for a space.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);

}  // namespace baton::http
