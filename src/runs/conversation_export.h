// A conversation as a file.
#pragma once

#include <string>
#include <string_view>

#include "async/task.h"
#include "base/status.h"
#include "runs/conversation_store.h"

namespace baton::runs {

enum class ExportFormat { kMarkdown, kJson };

// "markdown" (and empty) or "json"; kInvalidArgument names what is possible.
Result<ExportFormat> ParseExportFormat(std::string_view name);

struct ExportedConversation {
  std::string content;
  std::string content_type;
  std::string filename;
};

// The whole conversation: Markdown with a heading for each message, or JSON with everything that
// is known. `store` outlives the call. kResourceExhausted above kMaxExportBytes.
async::Task<Result<ExportedConversation>> ExportConversation(ConversationStore& store,
                                                             std::string user_id,
                                                             std::string conversation_id,
                                                             ExportFormat format);

}  // namespace baton::runs
