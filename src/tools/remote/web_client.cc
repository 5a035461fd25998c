// ToolServiceClient: the weather and the web.
#include <utility>

#include "tools/remote/internal/connection.h"
#include "tools/remote/tool_service_client.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using WebStub = wire::ToolService::StubInterface::async_interface;

std::map<std::string, std::string> TakeMetadata(
    google::protobuf::Map<std::string, std::string>& from) {
  std::map<std::string, std::string> out;
  for (auto& [key, value] : from) out.emplace(key, std::move(value));
  return out;
}

std::vector<WebHit> TakeHits(google::protobuf::RepeatedPtrField<wire::WebSearchResult>& from) {
  std::vector<WebHit> hits;
  for (wire::WebSearchResult& hit : from) {
    hits.push_back({std::move(*hit.mutable_title()), std::move(*hit.mutable_url()),
                    std::move(*hit.mutable_snippet())});
  }
  return hits;
}

std::vector<WebPage> TakePages(google::protobuf::RepeatedPtrField<wire::WebCrawlResult>& from) {
  std::vector<WebPage> pages;
  for (wire::WebCrawlResult& page : from) {
    pages.push_back({std::move(*page.mutable_url()), std::move(*page.mutable_title()),
                     std::move(*page.mutable_content()), TakeMetadata(*page.mutable_metadata())});
  }
  return pages;
}

// The entry `key` of a page's metadata, which the service knows of the whole crawl.
std::string StoppedOf(const std::vector<WebPage>& pages) {
  for (const WebPage& page : pages) {
    if (const auto found = page.metadata.find("stopped"); found != page.metadata.end()) {
      return found->second;
    }
  }
  return {};
}

}  // namespace

async::Task<Result<WeatherAnswer>> ToolServiceClient::GetWeather(ToolContext context,
                                                                 std::string location,
                                                                 std::string when,
                                                                 std::vector<std::string> parts) {
  wire::WeatherRequest request;
  request.set_user_id(context.user_id);
  request.set_location(std::move(location));
  if (!when.empty()) request.set_date_str(std::move(when));
  for (std::string& part : parts) request.add_data_types(std::move(part));
  auto response = co_await connection_->Call<wire::WeatherRequest, wire::WeatherResponse>(
      &WebStub::GetWeatherData, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  WeatherAnswer answer;
  answer.location = std::move(*response->mutable_location());
  answer.current = std::move(*response->mutable_current_conditions());
  for (std::string& day : *response->mutable_forecast()) answer.days.push_back(std::move(day));
  for (std::string& alert : *response->mutable_alerts()) answer.alerts.push_back(std::move(alert));
  answer.metadata = TakeMetadata(*response->mutable_metadata());
  co_return answer;
}

async::Task<Result<std::vector<WebHit>>> ToolServiceClient::SearchWeb(ToolContext context,
                                                                      std::string query,
                                                                      int limit) {
  wire::WebSearchRequest request;
  request.set_user_id(context.user_id);
  request.set_query(std::move(query));
  request.set_max_results(limit);
  auto response = co_await connection_->Call<wire::WebSearchRequest, wire::WebSearchResponse>(
      &WebStub::SearchWeb, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  co_return TakeHits(*response->mutable_results());
}

async::Task<Result<std::vector<WebPage>>> ToolServiceClient::ReadWebPages(
    ToolContext context, std::vector<std::string> urls) {
  wire::WebCrawlRequest request;
  request.set_user_id(context.user_id);
  for (std::string& url : urls) request.add_urls(std::move(url));
  auto response = co_await connection_->Call<wire::WebCrawlRequest, wire::WebCrawlResponse>(
      &WebStub::CrawlWebContent, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  co_return TakePages(*response->mutable_results());
}

async::Task<Result<WebFindings>> ToolServiceClient::SearchAndReadWeb(ToolContext context,
                                                                     std::string query, int count) {
  wire::SearchAndCrawlRequest request;
  request.set_user_id(context.user_id);
  request.set_query(std::move(query));
  request.set_num_results(count);
  auto response =
      co_await connection_->Call<wire::SearchAndCrawlRequest, wire::SearchAndCrawlResponse>(
          &WebStub::SearchAndCrawl, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  co_return WebFindings{TakeHits(*response->mutable_search_results()),
                        TakePages(*response->mutable_crawl_results())};
}

async::Task<Result<SiteFindings>> ToolServiceClient::CrawlWebsite(ToolContext context,
                                                                  std::string url, int max_pages,
                                                                  int max_depth) {
  wire::RecursiveWebsiteCrawlRequest request;
  request.set_user_id(context.user_id);
  request.set_start_url(std::move(url));
  request.set_max_pages(max_pages);
  request.set_max_depth(max_depth);
  auto response =
      co_await connection_
          ->Call<wire::RecursiveWebsiteCrawlRequest, wire::RecursiveWebsiteCrawlResponse>(
              &WebStub::CrawlWebsiteRecursive, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  if (!response->success()) co_return Fail(Status(Code::kFailedPrecondition, response->error()));
  SiteFindings findings;
  findings.domain = std::move(*response->mutable_base_domain());
  findings.failed = response->total_items_failed();
  for (wire::CrawledPage& page : *response->mutable_crawled_pages()) {
    if (page.has_binary_content()) continue;  // nothing for a model to read
    auto metadata = TakeMetadata(*page.mutable_metadata());
    std::string title = metadata["title"];
    findings.pages.push_back({std::move(*page.mutable_url()), std::move(title),
                              std::move(*page.mutable_markdown_content()), std::move(metadata)});
  }
  findings.stopped = StoppedOf(findings.pages);
  co_return findings;
}

async::Task<Result<SiteFindings>> ToolServiceClient::SearchSite(ToolContext context,
                                                                SiteQuestion question) {
  wire::DomainCrawlRequest request;
  request.set_user_id(context.user_id);
  request.set_seed_url(std::move(question.url));
  request.set_query_criteria(std::move(question.question));
  if (!question.path_prefix.empty()) request.set_allowed_path_prefix(question.path_prefix);
  request.set_max_pages(question.max_pages);
  request.set_max_depth(question.max_depth);
  request.set_include_pdfs(question.include_pdfs);
  auto response = co_await connection_->Call<wire::DomainCrawlRequest, wire::DomainCrawlResponse>(
      &WebStub::CrawlSite, std::move(request), std::move(context));
  if (!response) co_return Fail(std::move(response).error());
  if (!response->success()) co_return Fail(Status(Code::kFailedPrecondition, response->error()));
  SiteFindings findings;
  findings.domain = std::move(*response->mutable_domain());
  for (wire::DomainCrawlResult& page : *response->mutable_results()) {
    if (!page.success()) {
      ++findings.failed;
      continue;
    }
    findings.pages.push_back({std::move(*page.mutable_url()), std::move(*page.mutable_title()),
                              std::move(*page.mutable_full_content()),
                              TakeMetadata(*page.mutable_metadata())});
  }
  findings.stopped = StoppedOf(findings.pages);
  co_return findings;
}

}  // namespace baton::tools::remote
