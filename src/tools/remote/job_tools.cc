#include "tools/remote/job_tools.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using JobStub = ToolServiceClient::Connection::AsyncStub;
using internal::AddRpcTool;
using internal::IntegerProperty;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;

constexpr std::int64_t kMostJobPages = 5000;
constexpr std::int64_t kMostJobDepth = 20;
constexpr int kJobsShown = 10;
constexpr int kNotesShown = 5;

std::string DescribeJob(const wire::JobInfo& job) {
  std::string text = fmt::format("{}: {}", job.job_id(), job.kind());
  for (const std::string& subject : job.subjects()) text += " " + subject;
  text += fmt::format(" is {}, {} of {} done; {} added, {} updated, {} unchanged, {} skipped",
                      job.state(), job.done(), job.total(), job.added(), job.updated(),
                      job.unchanged(), job.skipped());
  if (!job.error().empty()) text += "; " + job.error();
  for (int i = 0; i < std::min(job.notes_size(), kNotesShown); ++i) {
    text += "\n  skipped " + job.notes(i);
  }
  return text;
}

Result<ToolResult> ShowJob(const wire::JobInfo& job) {
  return ToolResult{.text = DescribeJob(job), .sources = {}};
}

Result<ToolResult> ShowJobs(const wire::ListJobsResponse& response) {
  ToolResult result;
  for (const wire::JobInfo& job : response.jobs()) {
    result.text += (result.text.empty() ? "" : "\n") + DescribeJob(job);
  }
  if (result.text.empty()) result.text = "There are no jobs.";
  return result;
}

}  // namespace

Status RegisterJobTools(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client) {
  BATON_TRY((AddRpcTool<wire::StartJobRequest, wire::JobInfo>(
      registry, client,
      {.name = "start_site_import",
       .description = "Begins to fetch a website, page by page, into the user's library, in the "
                      "background. Returns the job's id at once.",
       .parameters = ObjectSchema(
           {{"url", StringProperty("Where to begin")},
            {"max_pages", IntegerProperty(1, kMostJobPages, "At most so many pages")},
            {"max_depth", IntegerProperty(1, kMostJobDepth, "Links away from the start")},
            {"path_prefix", StringProperty("Only paths that begin so, such as /docs/")}},
           {"url", "max_pages", "max_depth"}),
       .effect = Effect::kWrite},
      {&JobStub::StartJob,
       [](const json::Object& arguments, wire::StartJobRequest& request) {
         request.set_kind("crawl");
         request.set_url(TextArgument(arguments, "url"));
         request.set_max_pages(static_cast<int>(json::GetInt(arguments, "max_pages")));
         request.set_max_depth(static_cast<int>(json::GetInt(arguments, "max_depth")));
         request.set_path_prefix(TextArgument(arguments, "path_prefix"));
       },
       ShowJob})));
  BATON_TRY((AddRpcTool<wire::ListJobsRequest, wire::ListJobsResponse>(
      registry, client,
      {.name = "list_jobs",
       .description = "The user's last imports, crawls and refreshes, newest first: how far each "
                      "is, what it has stored, and what failed.",
       .parameters = ObjectSchema({}, {})},
      {&JobStub::ListJobs,
       [](const json::Object&, wire::ListJobsRequest& request) { request.set_limit(kJobsShown); },
       ShowJobs})));
  const auto name_job = [](const json::Object& arguments, wire::JobRequest& request) {
    request.set_job_id(TextArgument(arguments, "job_id"));
  };
  BATON_TRY((AddRpcTool<wire::JobRequest, wire::JobInfo>(
      registry, client,
      {.name = "get_job",
       .description = "How far an import, crawl or refresh is.",
       .parameters =
           ObjectSchema({{"job_id", StringProperty("As list_jobs names it")}}, {"job_id"})},
      {&JobStub::GetJob, name_job, ShowJob})));
  return AddRpcTool<wire::JobRequest, wire::JobInfo>(
      registry, client,
      {.name = "cancel_job",
       .description = "Ends a job that is queued or running; what it has stored stays.",
       .parameters =
           ObjectSchema({{"job_id", StringProperty("As list_jobs names it")}}, {"job_id"}),
       .effect = Effect::kWrite},
      {&JobStub::CancelJob, name_job, ShowJob});
}

}  // namespace baton::tools::remote
