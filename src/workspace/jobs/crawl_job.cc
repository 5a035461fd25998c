#include "workspace/jobs/crawl_job.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "http/url.h"
#include "workspace/importer.h"
#include "workspace/internal/set_front_matter.h"

namespace baton::workspace::jobs {
namespace {

using storage::Statement;

// URLs remembered; a site that makes up links (calendars) stops growing here.
constexpr std::int64_t kMaxKnownPages = 50'000;

struct PageLead {
  std::string url;
  std::int64_t depth = 0;
};

struct PageFrontier {
  std::int64_t known = 0;
  std::int64_t waiting = 0;
  std::optional<PageLead> next;
};

std::string PathFor(const std::string& url) {
  const auto parts = http::SplitUrl(url);
  std::string path = "/web/" + std::string(parts->host_and_port);
  path += parts->path.empty() ? "/" : std::string(parts->path);
  if (path.ends_with('/')) path += "index";
  const std::size_t query = url.find('?');
  if (query != std::string::npos) path += url.substr(query);
  return path + ".md";
}

std::string MarkdownOf(const web::Page& page) {
  using workspace::internal::YamlText;
  std::string text =
      fmt::format("---\ntitle: {}\nsource: {}\n",
                  YamlText(page.title.empty() ? page.url : page.title), YamlText(page.url));
  for (const char* fact : {"author", "published", "language"}) {
    const auto found = page.metadata.find(fact);
    if (found != page.metadata.end() && !found->second.empty()) {
      text += fmt::format("{}: {}\n", fact, YamlText(found->second));
    }
  }
  return text + "tags: [web]\n---\n" + page.markdown + "\n";
}

bool IsWorthFollowing(const std::string& url) {
  return web::KindOfLink(url) == web::CrawledItem::Kind::kPage || url.ends_with(".pdf");
}

// One execution of a crawl.
class CrawlRun {
 public:
  CrawlRun(storage::Database& database, DocumentStore& documents, web::WebService& web,
           async::BlockingPool& parsing, const JobSteps& steps)
      : database_(database),
        documents_(documents),
        web_(web),
        parsing_(parsing),
        steps_(steps),
        request_(steps.job().request),
        progress_(steps.job().progress),
        domain_(steps.cursor()) {}

  async::Task<Status> Run();

 private:
  async::Task<Result<PageFrontier>> Look();
  async::Task<Status> Fetch(PageLead lead);
  async::Task<Status> Keep(const PageLead& lead, web::Page page);
  async::Task<Status> LeaveOut(const PageLead& lead, const std::string& why);
  async::Task<Result<bool>> IsKnown(std::string content);
  void NoteThatItIsEnough();
  std::vector<Statement> Leads(const PageLead& lead, const web::Page& page,
                               const std::string& content) const;
  Statement Fetched(const std::string& url, std::int64_t depth, const std::string& content) const;
  std::int64_t kept() const { return progress_.added + progress_.updated + progress_.unchanged; }
  std::int64_t most_fetches() const {
    return std::max(kFetchesAtLeast, request_.max_pages * kFetchesPerWantedPage);
  }

  storage::Database& database_;
  DocumentStore& documents_;
  web::WebService& web_;
  async::BlockingPool& parsing_;
  const JobSteps& steps_;
  const JobRequest& request_;
  JobProgress progress_;
  std::string domain_;  // of the site; empty before the start was fetched
  std::int64_t known_ = 0;
};

async::Task<Status> CrawlRun::Run() {
  for (;;) {
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "crawl: cancelled");
    auto frontier = co_await Look();
    if (!frontier) co_return std::move(frontier).error();
    known_ = frontier->known;
    const std::int64_t wanted = std::min(frontier->waiting, request_.max_pages - kept());
    const std::int64_t left = std::min(wanted, most_fetches() - progress_.done);
    progress_.total = progress_.done + std::max<std::int64_t>(left, 0);
    if (wanted > 0 && left <= 0) NoteThatItIsEnough();
    if (left <= 0) break;
    BATON_CO_TRY(co_await Fetch(*std::move(frontier->next)));
  }
  co_return co_await steps_.Save(domain_, progress_);
}

// Before the other notes, of which there are many by then.
void CrawlRun::NoteThatItIsEnough() {
  const std::string note = fmt::format("ended after {} pages, of which {} could not be kept",
                                       progress_.done, progress_.skipped);
  std::vector<std::string>& notes = progress_.notes;
  if (!notes.empty() && notes.front() == note) return;  // said before a crash
  notes.insert(notes.begin(), note);
  if (notes.size() > kMaxJobNotes) notes.pop_back();
}

async::Task<Result<PageFrontier>> CrawlRun::Look() {
  if (domain_.empty()) co_return PageFrontier{.waiting = 1, .next = PageLead{.url = request_.url}};
  const auto counts = co_await database_.Read(
      {"SELECT count(*), count(CASE WHEN waiting = 1 THEN 1 END) FROM job_pages"
       " WHERE job_id = $1",
       {steps_.job().id}});
  if (!counts) co_return Fail(counts.error());
  PageFrontier frontier{.known = counts->Int(0, 0), .waiting = counts->Int(0, 1)};
  const auto next =
      co_await database_.Read({"SELECT url, depth FROM job_pages WHERE job_id = $1 AND waiting = 1"
                               " ORDER BY depth, place LIMIT 1",
                               {steps_.job().id}});
  if (!next) co_return Fail(next.error());
  if (!next->rows.empty()) {
    frontier.next = PageLead{.url = std::string(next->Text(0, 0)), .depth = next->Int(0, 1)};
  }
  co_return frontier;
}

async::Task<Status> CrawlRun::Fetch(PageLead lead) {
  auto outcomes = co_await web_.Read({lead.url}, Deadline::Never());
  Result<web::Page>& page = outcomes.front().page;
  if (!page && (page.error().code() == Code::kCancelled || domain_.empty())) {
    co_return std::move(page).error();
  }
  if (!page) co_return co_await LeaveOut(lead, page.error().message());
  if (domain_.empty()) domain_ = web::DomainOf(page->url);
  if (!web::IsOfDomain(page->url, domain_)) {
    co_return co_await LeaveOut(lead, "it leads out of the site");
  }
  co_return co_await Keep(lead, *std::move(page));
}

async::Task<Status> CrawlRun::LeaveOut(const PageLead& lead, const std::string& why) {
  ++progress_.done;
  ++progress_.skipped;
  progress_.current = http::PrintableUrl(lead.url);
  AddNote(progress_, fmt::format("{}: {}", progress_.current, why));
  std::vector<Statement> along;
  along.push_back(Fetched(lead.url, lead.depth, ""));
  co_return co_await steps_.Save(domain_, progress_, std::move(along));
}

async::Task<Result<bool>> CrawlRun::IsKnown(std::string content) {
  const auto rows =
      co_await database_.Read({"SELECT 1 FROM job_pages WHERE job_id = $1 AND content = $2 LIMIT 1",
                               {steps_.job().id, std::move(content)}});
  if (!rows) co_return Fail(rows.error());
  co_return !rows->rows.empty();
}

Statement CrawlRun::Fetched(const std::string& url, std::int64_t depth,
                            const std::string& content) const {
  return {
      "INSERT INTO job_pages (job_id, url, depth, place, waiting, content)"
      " VALUES ($1, $2, $3, 0, 0, $4)"
      " ON CONFLICT (job_id, url) DO UPDATE SET waiting = 0, content = excluded.content",
      {steps_.job().id, url, depth, content}};
}

// What a page's transaction says of it and of what it leads to.
std::vector<Statement> CrawlRun::Leads(const PageLead& lead, const web::Page& page,
                                       const std::string& content) const {
  std::vector<Statement> along;
  along.push_back(Fetched(lead.url, lead.depth, ""));
  along.push_back(Fetched(page.url, lead.depth, content));
  if (page.nofollow || lead.depth >= request_.max_depth) return along;
  std::int64_t place = known_;
  for (const web::PageLink& link : page.links) {
    const auto parts = http::SplitUrl(link.url);
    const bool wanted = !link.nofollow && parts && web::IsOfDomain(link.url, domain_) &&
                        parts->path.starts_with(request_.path_prefix) && IsWorthFollowing(link.url);
    if (!wanted || ++place > kMaxKnownPages) continue;
    along.push_back(
        {"INSERT INTO job_pages (job_id, url, depth, place, waiting, content)"
         " VALUES ($1, $2, $3, $4, 1, '') ON CONFLICT (job_id, url) DO NOTHING",
         {steps_.job().id, link.url, lead.depth + 1, place}});
  }
  return along;
}

async::Task<Status> CrawlRun::Keep(const PageLead& lead, web::Page page) {
  const std::string content = SourceHash(page.markdown);
  const auto known = co_await IsKnown(content);
  if (!known) co_return known.error();
  if (*known) co_return co_await LeaveOut(lead, "the same as another page");
  const std::string path = PathFor(page.url);
  auto document =
      co_await parsing_.Run([&page, &path] { return ParseFile(path, MarkdownOf(page)); });
  if (!document) co_return co_await LeaveOut(lead, document.error().message());
  progress_.bytes += static_cast<std::int64_t>(page.markdown.size());
  ++progress_.done;
  progress_.current = http::PrintableUrl(page.url);
  JobProgress after;
  const auto along = [&](const std::vector<PutOutcome>& outcomes) {
    after = progress_;
    after.added += outcomes.front() == PutOutcome::kAdded ? 1 : 0;
    after.updated += outcomes.front() == PutOutcome::kUpdated ? 1 : 0;
    after.unchanged += outcomes.front() == PutOutcome::kUnchanged ? 1 : 0;
    std::vector<Statement> statements = Leads(lead, page, content);
    statements.push_back(steps_.Step(domain_, after));
    return statements;
  };
  std::vector<ParsedDocument> documents;
  documents.push_back(*std::move(document));
  BATON_CO_TRY(co_await documents_.PutMany(steps_.job().user_id, std::move(documents),
                                           storage::Durability::kBuffered, along));
  progress_ = std::move(after);
  steps_.Show(progress_);
  co_return Status();
}

}  // namespace

Status CrawlWork::Check(const std::string& user_id, JobRequest& request) const {
  static_cast<void>(user_id);
  if (request.url.empty()) return Fail(Code::kInvalidArgument, "a crawl needs a url to begin at");
  if (request.url.find("://") == std::string::npos) request.url = "https://" + request.url;
  auto url = http::ResolveUrl("", request.url);
  if (!url) return std::move(url).error();
  request.url = *std::move(url);
  if (request.max_pages < 1 || request.max_pages > kMaxJobPages) {
    return Fail(Code::kInvalidArgument, "max_pages is {}: 1 to {} are possible", request.max_pages,
                kMaxJobPages);
  }
  if (request.max_depth < 0 || request.max_depth > kMaxJobDepth) {
    return Fail(Code::kInvalidArgument, "max_depth is {}: 0 to {} are possible", request.max_depth,
                kMaxJobDepth);
  }
  if (!request.path_prefix.empty() && !request.path_prefix.starts_with('/')) {
    return Fail(Code::kInvalidArgument, "path_prefix '{}' does not begin with '/'",
                request.path_prefix);
  }
  return {};
}

async::Task<Status> CrawlWork::Run(const JobSteps& steps) {
  CrawlRun run(database_, documents_, web_, parsing_, steps);
  co_return co_await run.Run();
}

}  // namespace baton::workspace::jobs
