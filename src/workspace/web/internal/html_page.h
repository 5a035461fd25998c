// HTML as a Page.
#pragma once

#include <string_view>

#include "base/status.h"
#include "workspace/internal/html_tree.h"
#include "workspace/web/page.h"

namespace baton::workspace::web::internal {

// Fills title, markdown, metadata, links and images of `page` from `page.html` (UTF-8, without
// NUL), which came from `page.url`. kResourceExhausted for what takes more than `limits`.
Status ReadHtmlPage(Page& page,
                    const workspace::internal::HtmlTree::Limits& limits = {
                        .memory = std::size_t{256} << 20U, .cpu = std::chrono::seconds(3)});

}  // namespace baton::workspace::web::internal
