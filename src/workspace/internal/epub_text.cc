// EPUB books (w3.org/TR/epub-33).
#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/utf8.h"
#include "http/url.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_text.h"
#include "workspace/internal/rich_text.h"
#include "workspace/internal/text_encoding.h"
#include "workspace/internal/xml_size.h"
#include "workspace/internal/zip_entries.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxEpubTitle = 300;
constexpr std::size_t kMaxChapters = 5000;
constexpr std::chrono::seconds kChapterTime(5);
constexpr std::chrono::seconds kBookTime(60);

std::chrono::nanoseconds CpuTimeOfThread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// "OEBPS/text/a b.xhtml" for "text/a%20b.xhtml#x" in a package at "OEBPS/content.opf".
std::string EntryOf(const std::string& package, std::string_view href) {
  href = href.substr(0, href.find('#'));
  const std::string name = http::PercentDecode(href).value_or(std::string(href));
  return (std::filesystem::path(package).parent_path() / name).lexically_normal().string();
}

const char* TextOf(const pugi::xml_node& metadata, const char* name) {
  const char* text = metadata.child_value(name);
  return *text != '\0' ? text : metadata.child_value(name + std::string_view("dc:").size());
}

Result<std::string> PackagePath(const std::vector<ZipEntry>& entries) {
  const std::string* container = FindEntry(entries, "META-INF/container.xml");
  pugi::xml_document document;
  if (container != nullptr) BATON_TRY(CheckXmlSize(*container));
  if (container == nullptr || !document.load_buffer(container->data(), container->size())) {
    return Fail(Code::kInvalidArgument, "no EPUB: no META-INF/container.xml");
  }
  return std::string(document.child("container")
                         .child("rootfiles")
                         .child("rootfile")
                         .attribute("full-path")
                         .value());
}

pugi::xml_node PackageChild(const pugi::xml_node& package, const char* name) {
  const pugi::xml_node plain = package.child(name);
  return plain ? plain : package.child((std::string("opf:") + name).c_str());
}

void AppendChapter(const std::string& bytes, RichText& book) {
  const auto decoded = DecodeText(bytes, DeclaredHtmlEncoding(bytes));
  if (!decoded) return;
  const auto page =
      ReadHtml(decoded->text, {.memory = std::size_t{256} << 20U, .cpu = kChapterTime});
  if (!page || Trim(page->text).empty()) return;
  if (!book.text.empty()) book.text += "\n\n";
  book.text += Trim(page->text);
}

// The chapters, each once: a spine may name one again and again.
void AppendSpine(const std::vector<ZipEntry>& entries, const std::string& package,
                 const pugi::xml_node& spine, const std::map<std::string, std::string>& hrefs,
                 RichText& book) {
  const auto began = CpuTimeOfThread();
  std::set<std::string> seen;
  for (const pugi::xml_node& reference : spine) {
    const auto href = hrefs.find(reference.attribute("idref").value());
    if (href == hrefs.end()) continue;
    std::string name = EntryOf(package, href->second);
    const std::string* chapter = seen.contains(name) ? nullptr : FindEntry(entries, name);
    if (chapter == nullptr) continue;
    seen.insert(std::move(name));
    AppendChapter(*chapter, book);
    if (book.text.size() >= kMaxRichText) {
      book.metadata["cut"] = "the book is longer than 16 MiB";
    } else if (seen.size() == kMaxChapters) {
      book.metadata["cut"] = fmt::format("the first {} chapters were read", kMaxChapters);
    } else if (CpuTimeOfThread() - began > kBookTime) {
      book.metadata["cut"] =
          fmt::format("{} chapters were read, the rest takes too long", seen.size());
    } else {
      continue;
    }
    return;
  }
}

}  // namespace

Result<RichText> ReadEpub(std::string_view bytes) {
  const auto entries = ReadZip(bytes, [](std::string_view name) {
    return name.ends_with("ml") || name.ends_with(".opf") || name.ends_with(".htm");
  });
  if (!entries) return Fail(entries.error());
  const auto path = PackagePath(*entries);
  if (!path) return Fail(path.error());
  const std::string* package_text = FindEntry(*entries, *path);
  pugi::xml_document document;
  if (package_text != nullptr) BATON_TRY(CheckXmlSize(*package_text));
  if (package_text == nullptr ||
      !document.load_buffer(package_text->data(), package_text->size())) {
    return Fail(Code::kInvalidArgument, "a broken EPUB: its package cannot be read");
  }
  const pugi::xml_node package = document.document_element();
  const pugi::xml_node metadata = PackageChild(package, "metadata");
  RichText book{.title = OneLine(ReplaceInvalidUtf8(TextOf(metadata, "dc:title")), kMaxEpubTitle)};
  const std::string author =
      OneLine(ReplaceInvalidUtf8(TextOf(metadata, "dc:creator")), kMaxEpubTitle);
  if (!author.empty()) book.metadata["author"] = author;
  std::map<std::string, std::string> hrefs;
  for (const pugi::xml_node& item : PackageChild(package, "manifest")) {
    hrefs[item.attribute("id").value()] = item.attribute("href").value();
  }
  AppendSpine(*entries, *path, PackageChild(package, "spine"), hrefs, book);
  if (book.text.empty()) {
    return Fail(Code::kInvalidArgument, "an EPUB without text (protected against copying?)");
  }
  return book;
}

}  // namespace baton::workspace::internal
