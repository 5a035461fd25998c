#include "workspace/web/internal/frontier.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/url.h"
#include "workspace/internal/words.h"

namespace baton::workspace::web {
namespace {

// URLs remembered; a site that makes up links (calendars) stops growing here.
constexpr std::size_t kMaxSeen = 20'000;

constexpr std::array<std::string_view, 10> kImageExtensions = {
    "png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "bmp", "tif", "tiff"};
constexpr std::array<std::string_view, 16> kFileExtensions = {
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt",
    "ods", "odp", "csv",  "rtf", "epub", "zip", "gz",   "tar"};
// Never fetched: too large, or of no use to a reader.
constexpr std::array<std::string_view, 17> kUselessExtensions = {
    "mp3", "mp4", "avi", "mov", "webm", "ogg", "wav", "iso",  "exe",
    "dmg", "deb", "rpm", "apk", "js",   "css", "ico", "woff2"};

std::string ExtensionOf(std::string_view url) {
  const auto parts = http::SplitUrl(url);
  if (!parts) return {};
  const std::string_view name = parts->path.substr(parts->path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  std::string extension(dot == std::string_view::npos ? "" : name.substr(dot + 1));
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return extension;
}

template <std::size_t Size>
bool Contains(const std::array<std::string_view, Size>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

}  // namespace

bool IsOfDomain(std::string_view url, std::string_view domain) {
  const auto parts = http::SplitUrl(url);
  if (!parts || domain.empty() || !parts->host.ends_with(domain)) return false;
  const std::string_view before = parts->host.substr(0, parts->host.size() - domain.size());
  return before.empty() || before.ends_with('.');
}

std::string DomainOf(std::string_view url) {
  const auto parts = http::SplitUrl(url);
  if (!parts) return {};
  std::string_view host = parts->host;
  if (host.starts_with("www.")) host.remove_prefix(4);
  return std::string(host);
}

std::string FileNameOf(std::string_view url) {
  const auto parts = http::SplitUrl(url);
  if (!parts) return {};
  const std::string_view name = parts->path.substr(parts->path.rfind('/') + 1);
  return http::PercentDecode(name).value_or(std::string(name));
}

CrawledItem::Kind KindOfLink(std::string_view url) {
  const std::string extension = ExtensionOf(url);
  if (Contains(kImageExtensions, extension)) return CrawledItem::Kind::kImage;
  if (Contains(kFileExtensions, extension)) return CrawledItem::Kind::kFile;
  return CrawledItem::Kind::kPage;
}

namespace internal {

Frontier::Frontier(const CrawlRequest& request, std::string domain, std::vector<std::string> terms)
    : request_(request), domain_(std::move(domain)), terms_(std::move(terms)) {}

bool Frontier::IsWanted(const Lead& lead) const {
  if (!IsOfDomain(lead.url, domain_) || Contains(kUselessExtensions, ExtensionOf(lead.url))) {
    return false;
  }
  if (lead.kind != CrawledItem::Kind::kPage) return request_.keep_files;
  return http::SplitUrl(lead.url)->path.starts_with(request_.path_prefix);
}

void Frontier::Add(Lead lead, std::string_view text) {
  if (request_.read_pdfs && ExtensionOf(lead.url) == "pdf") lead.kind = CrawledItem::Kind::kPage;
  if (!IsWanted(lead) || seen_.size() >= kMaxSeen || !seen_.insert(lead.url).second) return;
  ++considered_;
  const bool is_page = lead.kind == CrawledItem::Kind::kPage;
  // What a page shows belongs to it, however deep it is.
  if (is_page && lead.depth > request_.max_depth) return;
  leads_.emplace(Rank{is_page ? 0 : 1, -PromiseOf(lead, text), lead.depth, found_++},
                 std::move(lead));
}

int Frontier::PromiseOf(const Lead& lead, std::string_view text) const {
  if (terms_.empty()) return 0;
  const auto parts = http::SplitUrl(lead.url);
  std::unordered_set<std::string> found;
  const auto visit = [&](std::string_view term, std::size_t, std::size_t) {
    if (std::ranges::find(terms_, term) != terms_.end()) found.emplace(term);
  };
  workspace::internal::ForEachWord(text, visit);
  workspace::internal::ForEachWord(parts->path, visit);
  return static_cast<int>(found.size());
}

std::optional<Lead> Frontier::Next() {
  if (leads_.empty()) return std::nullopt;
  return std::move(leads_.extract(leads_.begin()).mapped());
}

}  // namespace internal
}  // namespace baton::workspace::web
