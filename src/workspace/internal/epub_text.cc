// EPUB books (w3.org/TR/epub-33).
#include <filesystem>
#include <map>
#include <string>

#include <pugixml.hpp>

#include "base/utf8.h"
#include "http/url.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_text.h"
#include "workspace/internal/rich_text.h"
#include "workspace/internal/text_encoding.h"
#include "workspace/internal/zip_entries.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxEpubTitle = 300;
constexpr std::chrono::seconds kChapterTime(5);

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
  for (const pugi::xml_node& reference : PackageChild(package, "spine")) {
    const auto href = hrefs.find(reference.attribute("idref").value());
    if (href == hrefs.end()) continue;
    const std::string* chapter = FindEntry(*entries, EntryOf(*path, href->second));
    if (chapter != nullptr) AppendChapter(*chapter, book);
    if (book.text.size() < kMaxRichText) continue;
    book.metadata["cut"] = "the book is longer than 16 MiB";
    break;
  }
  if (book.text.empty()) {
    return Fail(Code::kInvalidArgument, "an EPUB without text (protected against copying?)");
  }
  return book;
}

}  // namespace baton::workspace::internal
