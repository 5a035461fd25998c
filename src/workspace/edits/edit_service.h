// Writing documents: edits that are proposed and applied, files, folders, front matter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/blocking_pool.h"
#include "async/keyed_lock.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/document_store.h"
#include "workspace/edits/text_edit.h"

namespace baton::workspace::edits {

enum class ContentMode { kAppend, kReplace, kInsertAt };

// An edit of a document as a whole.
struct ContentEdit {
  ContentMode mode = ContentMode::kAppend;
  std::string content;
  std::int64_t position = 0;  // for kInsertAt, in UTF-16 code units
};

struct Proposal {
  std::string document_id;
  std::vector<Operation> operations;  // or:
  std::optional<ContentEdit> content_edit;
  std::string agent;
  std::string summary;
};

struct Applied {
  std::string document_id;
  int operations = 0;
  std::int64_t characters = 0;  // of the document now, in UTF-16 code units
};

struct NewFile {
  std::string filename;
  std::string content;
  std::string folder_id;    // or:
  std::string folder_path;  // below kOwnFiles; made if it is not there. Both empty: kOwnFiles
  std::string title;        // these three go into the front matter of Markdown
  std::vector<std::string> tags;
  std::string category;
};

struct CreatedFile {
  std::string document_id;
  std::string filename;
  std::string folder_id;
};

struct Folder {
  std::string id;  // "folder_…", made of the path
  std::string path;
  std::string parent_id;  // empty: at the top
  int documents = 0;      // directly in it
};

struct MetadataChange {
  std::optional<std::string> title;
  std::optional<std::string> type;
};

// Where files that users make here are, in the same tree as imported ones.
inline constexpr std::string_view kOwnFiles = "/files";
inline constexpr std::size_t kMaxOperations = 500;
inline constexpr std::size_t kMaxEditedBytes = std::size_t{16} << 20U;

// Every method acts for one user; documents, proposals and folders of another do not exist for
// it (kNotFound). A change is one transaction, on disk when the method returns: of several
// operations all are made or none; what the document was is kept, and Undo() brings it back. Of
// two changes that meet, the second finds its place in what the first has made, or is refused
// (kAborted). The file that a document was imported
// from stays as it is; importing it again keeps the edits unless the file has changed.
//
// Org files are changed by OrgStore, and refused here (kFailedPrecondition). Nobody ("", "system")
// has no documents to write (kInvalidArgument).
//
// Lifetime: database, documents, clock and ids outlive it.
// Threads:  safe; calls resume on the caller's executor. Texts are read on a pool.
class EditService {
 public:
  static async::Task<Result<std::unique_ptr<EditService>>> Open(storage::Database& database,
                                                                DocumentStore& documents,
                                                                const Clock& clock,
                                                                IdGenerator& ids);

  // Stores an edit that could be made now; its id. Errors as ResolveOperations()'s.
  async::Task<Result<std::string>> Propose(std::string user_id, Proposal proposal);
  // Makes the operations `selected` (positions; empty: all) of a proposal, once. Where the
  // document has changed since, each is found again by what it was made for, or all are refused;
  // a whole new text, and an insertion at a position, are refused then (kAborted).
  async::Task<Result<Applied>> Apply(std::string user_id, std::string proposal_id,
                                     std::vector<int> selected);
  async::Task<Result<Applied>> ApplyDirectly(std::string user_id, Proposal edit);
  // Takes the last change back, and with each further call the one before it.
  async::Task<Status> Undo(std::string user_id, std::string document_id);

  // The names of the fields that changed. The title and type of Markdown are in its front matter;
  // other formats have no type (kFailedPrecondition).
  async::Task<Result<std::vector<std::string>>> SetMetadata(std::string user_id,
                                                            std::string document_id,
                                                            MetadataChange change);

  // kAlreadyExists if there is one of that name; kInvalidArgument for a name that is none.
  async::Task<Result<CreatedFile>> CreateFile(std::string user_id, NewFile file);
  async::Task<Result<Folder>> CreateFolder(std::string user_id, std::string name,
                                           std::string parent_id, std::string parent_path);
  // All folders, those of imported documents too, by path.
  async::Task<Result<std::vector<Folder>>> Folders(std::string user_id);

  // Documents whose front matter has all of `tags` (case does not matter), by path.
  async::Task<Result<std::vector<Document>>> FindByTags(std::string user_id,
                                                        std::vector<std::string> tags);

 private:
  EditService(storage::Database& database, DocumentStore& documents, const Clock& clock,
              IdGenerator& ids)
      : database_(database), documents_(documents), clock_(clock), ids_(ids) {}

  async::Task<Result<DocumentText>> LoadForEdit(const std::string& user_id,
                                                const std::string& document_id);
  async::Task<Result<Applied>> Make(const std::string& user_id, const Proposal& edit,
                                    std::string made_for, std::vector<storage::Statement> along);
  async::Task<Status> Save(const std::string& user_id, const DocumentText& was, std::string content,
                           std::string title, ChangeNote note,
                           std::vector<storage::Statement> along);
  async::Task<Result<std::string>> FolderPath(const std::string& user_id, std::string id,
                                              std::string path);

  storage::Database& database_;
  DocumentStore& documents_;
  const Clock& clock_;
  IdGenerator& ids_;
  async::KeyedLock writing_;  // by document, over reading and writing
  async::BlockingPool reading_{"edits", 1};
};

}  // namespace baton::workspace::edits
