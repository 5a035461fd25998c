// What a crawl still has to fetch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "workspace/web/site_crawl.h"

namespace baton::workspace::web::internal {

struct Lead {
  std::string url;
  std::string parent_url;
  int depth = 0;
  CrawledItem::Kind kind = CrawledItem::Kind::kPage;
};

// Gives out leads once each: pages before files, those that promise an answer before others,
// near ones before far ones.
// Threads: one.
class Frontier {
 public:
  // `terms`: of the question (internal/words.h); may be empty.
  Frontier(const CrawlRequest& request, std::string domain, std::vector<std::string> terms);

  // Takes `lead` in unless it leads out of the site, too deep, or was seen. `text`: of its link.
  void Add(Lead lead, std::string_view text);

  std::optional<Lead> Next();

  // `url` has been fetched, by whatever way: it is not given out again.
  void MarkSeen(const std::string& url) { seen_.insert(url); }

  std::size_t waiting() const { return leads_.size(); }
  std::size_t considered() const { return considered_; }

 private:
  // kind, promise (higher first), depth, order of finding.
  using Rank = std::tuple<int, int, int, std::uint64_t>;

  bool IsWanted(const Lead& lead) const;
  int PromiseOf(const Lead& lead, std::string_view text) const;

  const CrawlRequest& request_;
  const std::string domain_;
  const std::vector<std::string> terms_;
  std::map<Rank, Lead> leads_;
  std::unordered_set<std::string> seen_;
  std::size_t considered_ = 0;
  std::uint64_t found_ = 0;
};

}  // namespace baton::workspace::web::internal
