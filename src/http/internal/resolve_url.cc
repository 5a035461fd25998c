// ResolveUrl() of http/url.h, by libcurl's URL parser.
#include <idn2.h>

#include <algorithm>
#include <memory>

#include <curl/curl.h>

#include "base/check.h"
#include "http/url.h"

namespace baton::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

// As browsers do: white space around a link does not count, nor line ends and tabs within.
std::string TidyLink(std::string_view text) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string out(text);
  std::erase_if(out, [](char c) { return c == '\t' || c == '\n' || c == '\r' || c == '\0'; });
  return out;
}

std::string GetPart(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

bool IsHttp(CURLU* url) {
  const std::string scheme = GetPart(url, CURLUPART_SCHEME);
  return scheme == "http" || scheme == "https";
}

// Empty if `host` is no name that can be written so. (libcurl's own conversion reads the host in
// the encoding of the process's locale.)
std::string ToAsciiHost(std::string host) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::ranges::all_of(host, is_ascii)) return host;
  char* ascii = nullptr;
  const int read = idn2_to_ascii_8z(host.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (read != IDN2_OK) return {};
  host = ascii;
  idn2_free(ascii);
  return host;
}

// False if the host cannot be written in ASCII.
bool NormalizeHost(CURLU* url) {
  std::string host = ToAsciiHost(GetPart(url, CURLUPART_HOST));
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return !host.empty() && curl_url_set(url, CURLUPART_HOST, host.c_str(), 0) == CURLUE_OK;
}

}  // namespace

Result<std::string> ResolveUrl(std::string_view base, std::string_view reference) {
  constexpr unsigned kRead = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;
  const ParsedUrl url(curl_url());
  BATON_CHECK(url != nullptr, "curl_url failed");
  if (base.size() > kMaxUrlBytes || reference.size() > kMaxUrlBytes) {
    return Fail(Code::kInvalidArgument, "a URL of more than {} bytes", kMaxUrlBytes);
  }
  if (!base.empty() &&
      curl_url_set(url.get(), CURLUPART_URL, std::string(base).c_str(), kRead) != CURLUE_OK) {
    return Fail(Code::kInvalidArgument, "'{}' is not a URL", PrintableUrl(base));
  }
  // To libcurl a reference that is nothing but a fragment names the page's folder.
  const std::string link = TidyLink(reference);
  const bool is_page_itself = !base.empty() && (link.empty() || link.starts_with('#'));
  const CURLUcode read =
      is_page_itself ? CURLUE_OK : curl_url_set(url.get(), CURLUPART_URL, link.c_str(), kRead);
  if (read != CURLUE_OK || !IsHttp(url.get()) || !NormalizeHost(url.get())) {
    return Fail(Code::kInvalidArgument, "'{}' is not an http or https URL", reference);
  }
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT}) {
    curl_url_set(url.get(), part, nullptr, 0);
  }
  std::string out = GetPart(url.get(), CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
  if (out.size() > kMaxUrlBytes) {
    return Fail(Code::kInvalidArgument, "a URL of more than {} bytes", kMaxUrlBytes);
  }
  return out;
}

}  // namespace baton::http
