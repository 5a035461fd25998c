// Pages and crawls as the contract's messages.
#pragma once

#include <cstddef>
#include <string>

#include "proto/tool_service.pb.h"
#include "workspace/web/site_crawl.h"

namespace baton::rpc::internal {

// `page`, asked for as `url`. The page as it was sent goes along while `html_left` bytes last,
// from which its text is taken too.
void EncodePage(const std::string& url, workspace::web::Page&& page, std::size_t& html_left,
                tool_service::WebCrawlResult& out);

// All that was found. Why a crawl ended early is the start page's metadata "stopped".
tool_service::RecursiveWebsiteCrawlResponse EncodeRecursiveCrawl(
    workspace::web::CrawlReport&& report);

// The pages that score at least `min_score`, best first; then those that could not be fetched.
tool_service::DomainCrawlResponse EncodeDomainCrawl(workspace::web::CrawlReport&& report,
                                                    double min_score);

// A crawl may take minutes: who watches the log sees it move.
void LogCrawlProgress(const workspace::web::CrawlProgress& progress);

}  // namespace baton::rpc::internal
