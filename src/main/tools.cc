#include "main/tools.h"

#include <utility>

#include "runs/memory/memory_tools.h"
#include "tools/messages/message_tools.h"
#include "tools/remote/conversation_tools.h"
#include "tools/remote/document_tools.h"
#include "tools/remote/edit_tools.h"
#include "tools/remote/entity_tools.h"
#include "tools/remote/feed_tools.h"
#include "tools/remote/image_tools.h"
#include "tools/remote/job_tools.h"
#include "tools/remote/org_tools.h"
#include "tools/remote/text_tools.h"
#include "tools/remote/weather_tools.h"
#include "tools/remote/web_tools.h"

namespace baton::app {

Status RegisterTools(tools::ToolRegistry& registry,
                     std::shared_ptr<tools::remote::ToolServiceClient> client,
                     std::shared_ptr<tools::MessageGateway> messages,
                     runs::memory::Memories* memories) {
  BATON_TRY(runs::memory::RegisterMemoryTools(registry, memories));
  BATON_TRY(tools::RegisterMessageTools(registry, std::move(messages)));
  BATON_TRY(tools::remote::RegisterConversationTools(registry, client));
  BATON_TRY(tools::remote::RegisterDocumentTools(registry, client));
  BATON_TRY(tools::remote::RegisterEditTools(registry, client));
  BATON_TRY(tools::remote::RegisterEntityTools(registry, client));
  BATON_TRY(tools::remote::RegisterFeedTools(registry, client));
  BATON_TRY(tools::remote::RegisterImageTools(registry, client));
  BATON_TRY(tools::remote::RegisterJobTools(registry, client));
  BATON_TRY(tools::remote::RegisterOrgTools(registry, client));
  BATON_TRY(tools::remote::RegisterTextTools(registry, client));
  BATON_TRY(tools::remote::RegisterWeatherTools(registry, client));
  return tools::remote::RegisterWebTools(registry, std::move(client));
}

Status WithdrawUnusableTools(tools::ToolRegistry& registry, const Settings& settings) {
  if (!settings.Text("web.searxng_url").empty() || !settings.Text("web.brave_api_key").empty()) {
    return {};
  }
  for (const char* tool : {"search_web", "search_and_read_web"}) {
    BATON_TRY(registry.Withdraw(tool, "no search engine is set: SEARXNG_URL or BRAVE_API_KEY"));
  }
  return {};
}

}  // namespace baton::app
