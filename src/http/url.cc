#include "http/url.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "http/message.h"

namespace baton::http {

namespace {

std::string_view HostOf(std::string_view host_and_port) {
  if (host_and_port.starts_with('[')) {
    const std::size_t end = host_and_port.find(']');
    return end == std::string_view::npos ? "" : host_and_port.substr(1, end - 1);
  }
  return host_and_port.substr(0, host_and_port.rfind(':'));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<UrlParts> SplitUrl(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  UrlParts parts;
  parts.scheme = url.substr(0, colon);
  if (!EqualsIgnoreCase(parts.scheme, "http") && !EqualsIgnoreCase(parts.scheme, "https")) {
    return std::nullopt;
  }
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  parts.path = rest.substr(path);
  parts.path = parts.path.substr(0, parts.path.find_first_of("?#"));
  parts.host_and_port = rest.substr(0, path);
  parts.host_and_port.remove_prefix(parts.host_and_port.rfind('@') + 1);  // npos + 1 is 0
  parts.host = HostOf(parts.host_and_port);
  if (parts.host.empty()) return std::nullopt;
  return parts;
}

std::string PrintableUrl(std::string_view url) {
  const std::optional<UrlParts> parts = SplitUrl(url);
  if (!parts) return "(not an http or https URL)";
  return fmt::format("{}://{}{}", parts->scheme, parts->host_and_port, parts->path);
}

bool IsLoopbackHost(std::string_view host) {
  const auto is_address_mark = [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; };
  if (host.starts_with("127.")) return std::ranges::all_of(host, is_address_mark);
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  return host == "::1" || EqualsIgnoreCase(last, "localhost");
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                            (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(static_cast<char>(c));
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", c);
    }
  }
  return out;
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

}  // namespace baton::http
