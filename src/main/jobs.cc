#include "main/jobs.h"

#include <filesystem>
#include <sstream>
#include <vector>

#include "main/host_name.h"

namespace baton::app {
namespace {

namespace jobs = workspace::jobs;

std::vector<std::filesystem::path> ImportFolders(const Settings& settings) {
  std::vector<std::filesystem::path> folders;
  std::istringstream list(settings.Text("jobs.import_folders"));
  for (std::string folder; std::getline(list, folder, ':');) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  return folders;
}

}  // namespace

JobParts::JobParts(const Settings& settings, On on, const Clock& clock, IdGenerator& ids)
    : store_(on.database, clock),
      import_(on.documents, &on.org, ImportFolders(settings)),
      crawl_(on.database, on.documents, on.web),
      feeds_(on.feeds),
      queue_(store_,
             {{jobs::JobKind::kImport, &import_},
              {jobs::JobKind::kCrawl, &crawl_},
              {jobs::JobKind::kFeeds, &feeds_}},
             clock, ids,
             {.host = HostName(),
              .workers = static_cast<std::size_t>(settings.Number("jobs.workers"))}) {}

async::Task<Result<std::unique_ptr<JobParts>>> JobParts::Open(const Settings& settings, On on,
                                                              const Clock& clock,
                                                              IdGenerator& ids) {
  std::unique_ptr<JobParts> parts(new JobParts(settings, on, clock, ids));
  BATON_CO_TRY(co_await parts->store_.Migrate());
  co_return parts;
}

}  // namespace baton::app
