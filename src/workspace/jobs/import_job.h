// Imports of files and folders as jobs.
#pragma once

#include <filesystem>
#include <vector>

#include "async/blocking_pool.h"
#include "workspace/document_store.h"
#include "workspace/jobs/job_work.h"

namespace baton::workspace::org {
class OrgStore;
}

namespace baton::workspace::jobs {

// A step is a batch of files and their documents, in one transaction: after a crash each file is
// counted once. What changes in the folder behind the place where it goes on is left to the next
// import.
//
// Lifetime: the stores outlive it.
// Threads:  safe.
class ImportWork final : public JobWork {
 public:
  // `folders`: where users may import from. A job that was stored is carried out wherever its
  // files are: `baton import`, which stores without Check(), is the operator's.
  ImportWork(DocumentStore& documents, org::OrgStore* org,
             std::vector<std::filesystem::path> folders)
      : documents_(documents), org_(org), folders_(std::move(folders)) {}

  Status Check(const std::string& user_id, JobRequest& request) const override;
  async::Task<Status> Run(const JobSteps& steps) override;

 private:
  DocumentStore& documents_;
  org::OrgStore* const org_;
  const std::vector<std::filesystem::path> folders_;
  async::BlockingPool files_{"imports", 1};
};

}  // namespace baton::workspace::jobs
