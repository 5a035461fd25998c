// What may be kept in a long-term store, and how its namespaces are written and compared: the
// same for every store.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/long_term_store.h"

namespace baton::checkpoint::internal {

// A question that reads further wants a narrower prefix or filter.
inline constexpr std::size_t kMaxFound = 10'000;

Status CheckItem(const graph::StoreNamespace& ns, std::string_view key, const json::Object& value,
                 const graph::PutOptions& options);
Status CheckAddress(const graph::StoreNamespace& ns, std::string_view key);
Status CheckSearch(const graph::StoreSearch& search);
Status CheckNamespaceSearch(const graph::NamespaceSearch& search);

// Each label followed by U+001F, which no label holds: what begins with a namespace's text is in
// it or below, and bytes sort as labels do.
std::string EncodeNamespace(const graph::StoreNamespace& ns);
graph::StoreNamespace DecodeNamespace(std::string_view text);

// The texts t of namespaces in or below `prefix`: begin <= t < end, by bytes. Without an end
// for the empty prefix.
struct NamespaceRange {
  std::string begin;
  std::string end;
};
NamespaceRange RangeOf(const graph::StoreNamespace& prefix);

// The labels of the search's prefix before its first wildcard: what a database can look up.
graph::StoreNamespace LiteralPrefix(const graph::NamespaceSearch& search);

// Of all namespaces below LiteralPrefix(), sorted: those that match, cut, each once, the page
// that was asked for.
std::vector<graph::StoreNamespace> SelectNamespaces(const graph::NamespaceSearch& search,
                                                    std::vector<graph::StoreNamespace> sorted);

}  // namespace baton::checkpoint::internal
