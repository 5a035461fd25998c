// Files and folders in, documents out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "async/blocking_pool.h"
#include "async/task.h"
#include "base/status.h"
#include "workspace/document_store.h"

namespace baton::workspace {

namespace org {
class OrgStore;
}

inline constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20U;

// Reads one file's bytes as a document: format by extension, encoding detected (UTF-8, UTF-16
// with BOM, Windows-1252), chunks with offsets. A ".gz" is decompressed and read as what its
// name says without it. kInvalidArgument with the reason for what is no text ("binary file"),
// empty, or of no known format; kResourceExhausted above 64 MiB (of HTML, 16 MiB).
//
// Formats: plain text (.txt .text .log .rst .adoc .asciidoc, no extension, and what READMEs,
// changelogs and the like are called, "README.Debian"), .md .markdown .mkd, .org, .html .htm
// .xhtml, .csv .tsv, .srt .vtt, .eml, .pdf, .docx, .epub, and .zip with such files in it. The
// content of what is not plain text, Markdown or org is its readable text as Markdown; a ZIP file
// is one document with a heading for each file, and archives within it are left out. The title is
// that of the front matter, else the first heading, else the HTML title, else the name of the file.
Result<ParsedDocument> ParseFile(const std::filesystem::path& path, std::string_view bytes);

// Reads the text of a document that is there already, of a type that Document::content_type
// names: what ParseFile() would make of it, but that it may be empty. The text of other formats
// than plain text, Markdown and org is Markdown. `content` is valid UTF-8 without NUL.
ParsedDocument ParseText(const std::filesystem::path& path, std::string_view content_type,
                         std::string content);

// What ParseFile() puts into ParsedDocument::source_hash for these bytes. Changes with the bytes
// and with the version of the parser.
std::string SourceHash(std::string_view bytes);

struct ImportProgress {
  std::size_t seen = 0;   // files dealt with so far
  std::size_t total = 0;  // files found
  std::string current;    // path
};

struct SkippedFile {
  std::string path;
  std::string reason;
};

struct ImportReport {
  std::size_t added = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::vector<SkippedFile> skipped;
  std::size_t bytes = 0;
};

// Where an import is once its next transaction is stored.
struct ImportStep {
  ImportProgress progress;
  const std::filesystem::path& last;        // of the files dealt with, in the order of paths
  ImportCounts counts;                      // of this Import()
  std::size_t bytes = 0;                    // likewise
  const std::vector<SkippedFile>& skipped;  // likewise
};

struct ImportOptions {
  // Called on the caller's executor, once a file, with growing `seen`.
  std::function<void(const ImportProgress&)> on_progress = {};
  // With it, files whose names end in ".org" are taken in there as well, byte for byte; one that
  // cannot be, or that was edited there meanwhile, is among the skipped.
  org::OrgStore* org = nullptr;

  // For an import that outlives its process (jobs/import_job.h). Files up to `after`, in the order
  // of paths, were dealt with, which came to `before`; `along` yields statements that are part of
  // the transaction that stores each step, and may be asked again for the same step.
  std::filesystem::path after = {};
  ImportCounts before = {};
  std::function<std::vector<storage::Statement>(const ImportStep&)> along = {};
};

// Imports files, and folders with all they hold (hidden files and folders, and links within a
// folder, are left out: what a link names is found where it is, if it is in the folder at all).
// A file that cannot be read or is no document is skipped with its reason, and so is a new one
// that is byte for byte a document's file that is still there ("the same as '/notes/a.md'"); a path
// that does not exist fails with kNotFound before anything is imported. A failing database ends the
// import. Stops between two files when the task is cancelled (kCancelled); what is stored stays.
//
// Memory: about three times the largest file, and the list of paths. When it returns a report,
// which is of this call alone, everything is on disk.
async::Task<Result<ImportReport>> Import(DocumentStore& store, async::BlockingPool& files,
                                         std::string user_id,
                                         std::vector<std::filesystem::path> paths,
                                         ImportOptions options = {});

}  // namespace baton::workspace
