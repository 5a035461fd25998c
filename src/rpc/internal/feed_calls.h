// The feeds area of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/feeds/feed_service.h"

namespace baton::rpc::internal {

inline constexpr int kDefaultArticles = 10;
inline constexpr int kMaxArticles = 100;

// Adds the RSS methods of the contract, and beside them reading, marking and importing articles
// and OPML. As the contract has it, a change that cannot be made, or a feed that cannot be read,
// is an OK response with success=false and the reason. `feeds` outlives `service`.
void ServeFeeds(DescribedService& service, workspace::feeds::FeedService& feeds);

}  // namespace baton::rpc::internal
