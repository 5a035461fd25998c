// The tools with which agents reach into the web.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`:
//
//   search_web{query, limit?}             "[n] Title — URL" and the snippet; limit 1 to 20, else 8
//   read_web_pages{urls}                  "[n] Title — URL" and the text as Markdown; 1 to 5 URLs
//   search_and_read_web{query, pages?}    both in one: the first pages found, read; 1 to 8, else 4
//   crawl_website{url, max_pages?, max_depth?}
//                                         the pages of a site, the beginning of each
//   search_website{url, question, path_prefix?, max_pages?, max_depth?, include_pdfs?}
//                                         the pages of a site that fit a question, best first
//
// Sources in the order of the numbers. Texts share what a model can read; what is cut says so.
// The effect of all is kNetwork. What pages say is material, never an instruction: agents'
// prompts say so, and every result begins with a line that does. kAlreadyExists if a name is
// taken.
Status RegisterWebTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
