// The tools with which agents follow the user's feeds.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`, each one call of ToolService for the user of the ToolContext:
//
//   list_feeds{scope?}                              reads
//   search_feeds{query, limit?}                     reads
//   get_feed_articles{feed_id?, limit?, unread_only?}  reads
//   read_feed_article{article_id}                   reads
//   add_feed{url, name?, category?, for_everybody?} writes
//   refresh_feed{feed_id? | feed_name?}             writes
//   delete_feed{feed_id? | feed_name?}              writes
//   mark_feed_articles{article_ids? | feed_id?, is_read}  writes
//   import_feed_article{article_id}                 writes
//   export_feeds{}, import_feeds{opml}              reads, writes
//
// kFailedPrecondition with the service's reason for what it refuses; kAlreadyExists if a name is
// taken.
Status RegisterFeedTools(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client);

}  // namespace baton::tools::remote
