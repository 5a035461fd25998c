// Searching the web by someone else's index.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "workspace/web/web_options.h"

namespace baton::workspace::web {

struct WebHit {
  std::string title;
  std::string url;
  std::string snippet;
  double score = 0;  // 0 to 1 by rank
};

inline constexpr int kMaxWebHits = 50;

// Threads: safe.
// Errors:  kFailedPrecondition for what the operator has to set right, kResourceExhausted if the
//          server is asked too often, kUnavailable, kDeadlineExceeded.
class SearchEngine {
 public:
  virtual ~SearchEngine() = default;

  // At most `limit` (1 to kMaxWebHits) pages, best first, each once.
  virtual async::Task<Result<std::vector<WebHit>>> Search(std::string query, int limit,
                                                          Deadline deadline) = 0;
};

// SearXNG's or Brave's, as the options say; one that says what to set if they say neither.
// `options` outlives it.
std::unique_ptr<SearchEngine> MakeSearchEngine(const WebOptions& options);

}  // namespace baton::workspace::web
