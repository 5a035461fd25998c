// The workspace's data, as the orchestrator reaches it: over ToolService.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "tools/tool.h"

namespace baton::grpc_client {
class Endpoint;
}
namespace grpc {
class Channel;
}

namespace baton::tools::remote {

// A passage that a search found.
struct FoundPassage {
  std::string document_id;
  std::string title;
  std::string path;
  std::string heading;  // the headings it stands under; may be empty
  std::string excerpt;  // at most 500 characters
  double score = 0;     // 0 to 1, higher is better
  // The stretch of the document that the excerpt is from, in characters; -1: not known.
  std::int64_t begin = -1;
  std::int64_t end = -1;
};

struct DocumentCard {
  std::string id;
  std::string title;
  std::string filename;
  std::string content_type;
  std::map<std::string, std::string> metadata;  // "path", "characters", front matter, …
};

struct ResolvedPath {
  std::string document_id;
  std::string filename;
  std::string path;
};

struct WeatherAnswer {
  std::string location;  // as the weather service understood it
  std::string current;   // one line; may be empty
  std::vector<std::string> days;
  std::vector<std::string> alerts;
  std::map<std::string, std::string> metadata;
};

struct WebHit {
  std::string title;
  std::string url;
  std::string snippet;
};

struct WebPage {
  std::string url;  // as it was asked for
  std::string title;
  std::string text;  // Markdown
  std::map<std::string, std::string> metadata;
};

struct WebFindings {
  std::vector<WebHit> hits;
  std::vector<WebPage> pages;  // of the hits, those that could be fetched
};

struct SiteQuestion {
  std::string url;
  std::string question;     // empty: all pages
  std::string path_prefix;  // empty: the whole site
  int max_pages = 0;        // 0: the service's own, like max_depth
  int max_depth = 0;
  bool include_pdfs = false;
};

struct SiteFindings {
  std::string domain;
  std::vector<WebPage> pages;
  int failed = 0;       // pages that could not be fetched
  std::string stopped;  // why not all was looked at; empty: it was
};

// A client of tool_service.ToolService. Every call acts for the context's user, carries its
// idempotency key as metadata, and ends at its deadline; cancelling the coroutine cancels the
// call at the service.
//
// Lifetime: outlives its calls.
// Threads:  safe; a call resumes on its caller's executor.
// Errors:   as the service reports them; kUnavailable names its address. kNotFound also for a
//           document of another user.
class ToolServiceClient {
 public:
  // `address` is "host:port" or "unix:path". Connecting happens in the background and again
  // after a loss. `service_token` may be empty. kInvalidArgument for a token that a header
  // cannot carry.
  static Result<std::shared_ptr<ToolServiceClient>> Connect(const std::string& address,
                                                            std::string service_token);

  // Over a channel that is there already, such as one inside this process. `name` is how
  // messages call the other end.
  static Result<std::shared_ptr<ToolServiceClient>> On(std::shared_ptr<grpc::Channel> channel,
                                                       std::string name, std::string service_token);
  ~ToolServiceClient();
  ToolServiceClient(const ToolServiceClient&) = delete;
  ToolServiceClient& operator=(const ToolServiceClient&) = delete;

  // Best first. A `limit` of 0 means the service's own.
  async::Task<Result<std::vector<FoundPassage>>> SearchDocuments(ToolContext context,
                                                                 std::string query, int limit);
  async::Task<Result<DocumentCard>> GetDocument(ToolContext context, std::string document_id);
  async::Task<Result<std::string>> GetDocumentContent(ToolContext context, std::string document_id);

  // `base_path` is the folder that a relative `path` starts from; it may be empty. kNotFound
  // with the service's reason if nothing, or more than one document, fits.
  async::Task<Result<ResolvedPath>> FindDocumentByPath(ToolContext context, std::string path,
                                                       std::string base_path);

  // The way of a call to the service, for the tools of this folder (internal/connection.h).
  struct Connection;
  Connection& connection() const { return *connection_; }
  // The methods below are in web_client.cc.

  // `parts`: of current, forecast, alerts; empty: all. `when` may be empty.
  async::Task<Result<WeatherAnswer>> GetWeather(ToolContext context, std::string location,
                                                std::string when, std::vector<std::string> parts);

  // Best first. A limit or count of 0 means the service's own.
  async::Task<Result<std::vector<WebHit>>> SearchWeb(ToolContext context, std::string query,
                                                     int limit);
  // Those that could be fetched; the first one's failure if none could.
  async::Task<Result<std::vector<WebPage>>> ReadWebPages(ToolContext context,
                                                         std::vector<std::string> urls);
  async::Task<Result<WebFindings>> SearchAndReadWeb(ToolContext context, std::string query,
                                                    int count);
  // Pages as they were found, near ones first; kFailedPrecondition with the service's reason if
  // the site cannot be crawled. 0: the service's own limits.
  async::Task<Result<SiteFindings>> CrawlWebsite(ToolContext context, std::string url,
                                                 int max_pages, int max_depth);
  // Pages that fit the question, best first. Fails as CrawlWebsite().
  async::Task<Result<SiteFindings>> SearchSite(ToolContext context, SiteQuestion question);

  // Ok if the service says that it is serving (grpc.health.v1).
  async::Task<Status> CheckHealth(Deadline deadline);

 private:
  explicit ToolServiceClient(std::unique_ptr<Connection> connection);
  static Result<std::shared_ptr<ToolServiceClient>> To(
      Result<std::unique_ptr<grpc_client::Endpoint>> service);

  const std::unique_ptr<Connection> connection_;
};

}  // namespace baton::tools::remote
