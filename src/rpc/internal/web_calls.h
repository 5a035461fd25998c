// The web area of ToolService.
#pragma once

#include <cstddef>

#include "rpc/internal/described_service.h"
#include "workspace/web/web_service.h"

namespace baton::rpc::internal {

// What the contract names or leaves open.
inline constexpr int kDefaultWebResults = 15;
inline constexpr int kDefaultPagesRead = 10;
inline constexpr int kDefaultCrawlPages = 50;
inline constexpr int kDefaultCrawlDepth = 2;
inline constexpr std::size_t kMaxWebQueryBytes = 1000;
inline constexpr double kMinCrawlScore = 0.3;  // as of documents: below are chance words
// Of the pages as they were sent, less their texts, so that an answer fits a message; what does
// not fit is left out, and "html_left_out" says so.
inline constexpr std::size_t kMaxHtmlInAnswer = workspace::web::kMaxHtmlAtOnce;

// Adds SearchWeb, CrawlWebContent, SearchAndCrawl, CrawlWebsiteRecursive and CrawlSite. `web`
// outlives `service`.
void ServeWeb(DescribedService& service, workspace::web::WebService& web);

}  // namespace baton::rpc::internal
