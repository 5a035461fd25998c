#include "checkpoint/internal/item_rules.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "base/utf8.h"

namespace baton::checkpoint::internal {
namespace {

using graph::NamespaceSearch;
using graph::StoreNamespace;

constexpr char kSeparator = '\x1f';
constexpr char kBehindSeparator = '\x20';
constexpr std::string_view kWildcard = "*";

constexpr std::size_t kMaxLabels = 16;       // deeper is data in the wrong place
constexpr std::size_t kMaxLabelBytes = 256;  // a database indexes them together
constexpr std::size_t kMaxKeyBytes = 512;
constexpr std::size_t kMaxItemBytes = std::size_t{1} << 20U;  // a document, not a file
constexpr std::size_t kMaxItemDepth = 64;                     // what json::Parse() reads back
constexpr std::size_t kMaxPlaces = 16;                        // each costs a vector
constexpr std::size_t kMaxQueryBytes = std::size_t{8} << 10U;
constexpr std::size_t kMaxFilter = 32;
constexpr auto kMaxTtl = std::chrono::hours(24 * 365 * 100);

Status CheckName(std::string_view what, std::string_view name, std::size_t most) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  if (name.empty() || name.size() > most) {
    return Fail(Code::kInvalidArgument, "{} has {} bytes: must be 1 to {}", what, name.size(),
                most);
  }
  if (!IsValidUtf8(name) || std::ranges::any_of(name, is_control)) {
    return Fail(Code::kInvalidArgument, "{} must be UTF-8 without control characters", what);
  }
  return {};
}

Status CheckLabels(const StoreNamespace& ns) {
  if (ns.size() > kMaxLabels) {
    return Fail(Code::kInvalidArgument, "a namespace of {} labels: at most {}", ns.size(),
                kMaxLabels);
  }
  for (const std::string& label : ns) BATON_TRY(CheckName("a label", label, kMaxLabelBytes));
  return {};
}

Status CheckText(std::string_view text) {
  if (IsValidUtf8(text) && text.find('\0') == std::string_view::npos) return {};
  return Fail(Code::kInvalidArgument, "a text must be UTF-8 without NUL characters");
}

Status CheckValue(const json::Value& value, std::size_t depth) {
  if (depth > kMaxItemDepth) {
    return Fail(Code::kInvalidArgument, "nested deeper than {} levels", kMaxItemDepth);
  }
  if (const json::Object* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      BATON_TRY(CheckText({key.data(), key.size()}));
      BATON_TRY(CheckValue(member, depth + 1));
    }
  } else if (const json::Array* list = value.if_array()) {
    for (const json::Value& element : *list) BATON_TRY(CheckValue(element, depth + 1));
  } else if (value.is_string()) {
    BATON_TRY(CheckText(json::ToStringView(value.get_string())));
  } else if (value.is_double() && !std::isfinite(value.get_double())) {
    return Fail(Code::kInvalidArgument, "a number that is not finite");
  }
  return {};
}

Status CheckPage(std::size_t limit, std::size_t offset) {
  if (limit <= kMaxFound && offset <= kMaxFound && limit + offset <= kMaxFound) return {};
  return Fail(Code::kInvalidArgument, "limit {} and offset {}: together at most {}", limit, offset,
              kMaxFound);
}

// Whether `labels` match `pattern`, of which the first `literal` are no wildcards.
bool LabelsMatch(std::span<const std::string> labels, const StoreNamespace& pattern,
                 std::size_t literal) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool any = i >= literal && pattern[i] == kWildcard;
    if (!any && labels[i] != pattern[i]) return false;
  }
  return true;
}

bool NamespaceMatches(const StoreNamespace& ns, const NamespaceSearch& search) {
  const std::span<const std::string> labels(ns);
  if (labels.size() < search.prefix.size() ||
      labels.size() < search.hidden + search.suffix.size()) {
    return false;
  }
  return LabelsMatch(labels, search.prefix, search.hidden) &&
         LabelsMatch(labels.last(search.suffix.size()), search.suffix, 0);
}

}  // namespace

Status CheckAddress(const StoreNamespace& ns, std::string_view key) {
  if (ns.empty()) return Fail(Code::kInvalidArgument, "a namespace needs at least one label");
  BATON_TRY(CheckLabels(ns));
  return CheckName("a key", key, kMaxKeyBytes);
}

Status CheckItem(const StoreNamespace& ns, std::string_view key, const json::Object& value,
                 const graph::PutOptions& options) {
  BATON_TRY(CheckAddress(ns, key));
  Status status = CheckValue(value, 1);
  if (!status.ok()) return std::move(status).Annotate(fmt::format("item '{}'", key));
  if (const std::size_t size = json::Serialize(value).size(); size > kMaxItemBytes) {
    return Fail(Code::kInvalidArgument, "item '{}' has {} bytes: at most {}", key, size,
                kMaxItemBytes);
  }
  if (options.ttl && (options.ttl->count() <= 0 || *options.ttl > kMaxTtl)) {
    return Fail(Code::kInvalidArgument, "item '{}': a ttl is above 0 and at most 100 years", key);
  }
  if (options.index && options.index->size() > kMaxPlaces) {
    return Fail(Code::kInvalidArgument, "item '{}': {} places to index, at most {}", key,
                options.index->size(), kMaxPlaces);
  }
  return {};
}

Status CheckSearch(const graph::StoreSearch& search) {
  BATON_TRY(CheckLabels(search.prefix));
  BATON_TRY(CheckText(search.query).Annotate("query"));
  if (search.query.size() > kMaxQueryBytes) {
    return Fail(Code::kInvalidArgument, "query of {} bytes: at most {}", search.query.size(),
                kMaxQueryBytes);
  }
  if (search.filter.size() > kMaxFilter) {
    return Fail(Code::kInvalidArgument, "{} conditions: at most {}", search.filter.size(),
                kMaxFilter);
  }
  for (const graph::Condition& condition : search.filter) {
    BATON_TRY(graph::CheckCondition(condition).Annotate("filter"));
  }
  return CheckPage(search.limit, search.offset);
}

Status CheckNamespaceSearch(const NamespaceSearch& search) {
  BATON_TRY(CheckLabels(search.prefix));
  BATON_TRY(CheckLabels(search.suffix));
  return CheckPage(search.limit, search.offset);
}

std::string EncodeNamespace(const StoreNamespace& ns) {
  std::string text;
  for (const std::string& label : ns) text.append(label) += kSeparator;
  return text;
}

StoreNamespace DecodeNamespace(std::string_view text) {
  StoreNamespace ns;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(kSeparator, at), text.size());
    ns.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return ns;
}

NamespaceRange RangeOf(const StoreNamespace& prefix) {
  NamespaceRange range{EncodeNamespace(prefix), {}};
  range.end = range.begin;
  if (!range.end.empty()) range.end.back() = kBehindSeparator;
  return range;
}

StoreNamespace LiteralPrefix(const NamespaceSearch& search) {
  StoreNamespace literal;
  for (const std::string& label : search.prefix) {
    if (literal.size() >= search.hidden && label == kWildcard) break;
    literal.push_back(label);
  }
  return literal;
}

std::vector<StoreNamespace> SelectNamespaces(const NamespaceSearch& search,
                                             std::vector<StoreNamespace> sorted) {
  std::vector<StoreNamespace> selected;
  for (StoreNamespace& ns : sorted) {
    if (!NamespaceMatches(ns, search)) continue;
    if (search.max_depth != 0 && ns.size() > search.max_depth) ns.resize(search.max_depth);
    if (selected.empty() || selected.back() != ns) selected.push_back(std::move(ns));
  }
  const std::size_t begin = std::min(search.offset, selected.size());
  const std::size_t end = std::min(begin + search.limit, selected.size());
  return {std::make_move_iterator(selected.begin() + static_cast<std::ptrdiff_t>(begin)),
          std::make_move_iterator(selected.begin() + static_cast<std::ptrdiff_t>(end))};
}

}  // namespace baton::checkpoint::internal
