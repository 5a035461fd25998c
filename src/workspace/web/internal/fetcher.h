// Getting one URL of the web, as a polite stranger.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "async/task.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/metrics.h"
#include "base/status.h"
#include "http/client.h"
#include "workspace/internal/ttl_cache.h"
#include "workspace/web/internal/host_pacer.h"
#include "workspace/web/robots.h"
#include "workspace/web/web_options.h"

namespace baton::workspace::web::internal {

struct Fetched {
  std::string url;  // after redirects
  std::string content_type = {};
  std::string body = {};
  // What a later request may ask with, whether this has changed; may be empty.
  std::string etag = {};
  std::string last_modified = {};
  bool not_modified = false;  // then there is no body
};

struct FetchTerms {
  std::size_t max_bytes;
  bool text_only = true;  // what has no text is refused before its body is read
  Deadline deadline;
  // As an earlier answer gave them: the server may then say that nothing has changed.
  std::string etag = {};
  std::string last_modified = {};
};

inline constexpr int kMaxFetchRedirects = 5;

// Asks robots.txt, waits for its turn at the host, connects to public addresses only, and
// checks every redirect in the same way.
//
// Threads: safe; a fetch lives on the executor of its caller. Options, clock and metrics outlive
// it. Errors:  kPermissionDenied for what robots.txt, the address policy or the server forbids,
//          kNotFound, kResourceExhausted (too large; asked too often), kInvalidArgument for no
//          URL or no text, kUnavailable, kDeadlineExceeded, kCancelled. Messages name the URL.
class Fetcher {
 public:
  Fetcher(const WebOptions& options, const Clock& clock, MetricsRegistry& metrics);

  async::Task<Result<Fetched>> Fetch(std::string url, FetchTerms terms);

 private:
  // A site's rules, or why they cannot be had.
  struct SiteRules {
    RobotsRules rules;
    Status failure;
  };

  async::Task<Result<Fetched>> FetchUncounted(std::string url, const FetchTerms& terms);
  async::Task<Result<RobotsRules>> RulesOf(std::string origin, Deadline deadline);
  async::Task<Result<SiteRules>> LoadRules(const std::string& origin, Deadline deadline) const;
  async::Task<Status> Admit(const std::string& url, bool needs_turn, Deadline deadline);
  async::Task<Result<std::unique_ptr<http::ResponseStream>>> Send(std::string url,
                                                                  const FetchTerms& terms,
                                                                  int redirects) const;
  Status CheckAnswer(const std::string& url, const http::ResponseStream& answer,
                     const FetchTerms& terms);

  const WebOptions& options_;
  const std::shared_ptr<const http::AddressPolicy> addresses_;
  const http::Client client_;
  workspace::internal::TtlCache<SiteRules> rules_;
  HostPacer pacer_;
  MetricsRegistry& metrics_;
};

}  // namespace baton::workspace::web::internal
