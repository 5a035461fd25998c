// ParseFile: which format a file is in, and its content, title and chunks.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "workspace/importer.h"
#include "workspace/internal/chunker.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/entity_extractor.h"
#include "workspace/internal/front_matter.h"
#include "workspace/internal/gunzip.h"
#include "workspace/internal/html_text.h"
#include "workspace/internal/parse_org.h"
#include "workspace/internal/pdf_text.h"
#include "workspace/internal/rich_text.h"
#include "workspace/internal/text_encoding.h"
#include "workspace/internal/words.h"
#include "workspace/internal/zip_entries.h"

namespace baton::workspace {
namespace {

// Part of every source hash: raised when the same bytes would give another document.
constexpr int kParserVersion = 3;
constexpr std::size_t kMaxTitleBytes = 300;
// Each of these may unpack to much again.
constexpr std::size_t kMaxPackagesInZip = 100;
constexpr std::string_view kDocxType =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

enum class Format {
  kPlain,
  kMarkdown,
  kOrg,
  kHtml,
  kCsv,
  kSubtitles,
  kMail,
  kPdf,
  kDocx,
  kEpub,
  kZip
};

struct Extension {
  std::string_view name;
  Format format;
};
constexpr std::array kExtensions = {
    Extension{"txt", Format::kPlain},         Extension{"text", Format::kPlain},
    Extension{"log", Format::kPlain},         Extension{"rst", Format::kPlain},
    Extension{"adoc", Format::kPlain},        Extension{"asciidoc", Format::kPlain},
    Extension{"md", Format::kMarkdown},       Extension{"mkd", Format::kMarkdown},
    Extension{"markdown", Format::kMarkdown}, Extension{"org", Format::kOrg},
    Extension{"html", Format::kHtml},         Extension{"htm", Format::kHtml},
    Extension{"xhtml", Format::kHtml},        Extension{"csv", Format::kCsv},
    Extension{"tsv", Format::kCsv},           Extension{"srt", Format::kSubtitles},
    Extension{"vtt", Format::kSubtitles},     Extension{"eml", Format::kMail},
    Extension{"pdf", Format::kPdf},           Extension{"docx", Format::kDocx},
    Extension{"epub", Format::kEpub},         Extension{"zip", Format::kZip},
};

// Texts that are called so whatever follows the dot: "README.Debian", "COPYING.LESSER".
constexpr std::array<std::string_view, 16> kTextNames = {
    "README", "LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE",    "NEWS",      "CHANGES",
    "TODO",   "AUTHORS", "INSTALL", "THANKS",  "FAQ",       "copyright", "changelog", "CHANGELOG"};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

struct NamedFormat {
  std::string name;  // of the file, without the extension that tells the format
  Format format;
};

Result<NamedFormat> FormatOf(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) {
    return NamedFormat{std::string(name), Format::kPlain};
  }
  const std::string extension = LowerCase(name.substr(dot + 1));
  const auto known = std::ranges::find(kExtensions, extension, &Extension::name);
  if (known != kExtensions.end()) {
    return NamedFormat{std::string(name.substr(0, dot)), known->format};
  }
  const std::string_view first = name.substr(0, name.find_first_of(".-_"));
  if (std::ranges::find(kTextNames, first) != kTextNames.end()) {
    return NamedFormat{std::string(name), Format::kPlain};
  }
  return Fail(Code::kInvalidArgument, "no known document format ('.{}')", extension);
}

// What the parser of a format makes of the decoded text.
struct ParsedText {
  std::string content;
  std::vector<internal::Block> blocks;
  std::string declared_title;  // of front matter or #+TITLE
  std::string fallback_title;  // of <title>
  std::map<std::string, std::string> metadata;
  std::string_view content_type;
};

std::string TakeTitle(std::map<std::string, std::string>& metadata) {
  auto title = metadata.extract("title");
  return title.empty() ? std::string() : std::move(title.mapped());
}

ParsedText ParseMarkdown(std::string text) {
  ParsedText parsed{.content = std::move(text), .content_type = "text/markdown"};
  internal::FrontMatter front = internal::ReadFrontMatter(parsed.content);
  parsed.metadata = std::move(front.fields);
  parsed.declared_title = TakeTitle(parsed.metadata);
  parsed.blocks = internal::ReadMarkdownBlocks(parsed.content, front.body_begin);
  return parsed;
}

ParsedText ParseOrg(std::string text) {
  ParsedText parsed{.content = std::move(text), .content_type = "text/org"};
  internal::OrgOutline outline = internal::ReadOrg(parsed.content);
  parsed.metadata = std::move(outline.keywords);
  parsed.declared_title = TakeTitle(parsed.metadata);
  parsed.blocks = std::move(outline.blocks);
  return parsed;
}

Result<ParsedText> ParseHtml(std::string_view html) {
  Result<internal::HtmlText> page = internal::ReadHtml(html);
  if (!page) return Fail(std::move(page).error());
  ParsedText parsed{.content = std::move(page->text), .content_type = "text/html"};
  parsed.fallback_title = std::move(page->title);
  parsed.metadata = std::move(page->metadata);
  parsed.blocks = internal::ReadMarkdownBlocks(parsed.content, 0);
  return parsed;
}

ParsedText ParsePlain(std::string text) {
  ParsedText parsed{.content = std::move(text), .content_type = "text/plain"};
  parsed.blocks = internal::ReadPlainBlocks(parsed.content);
  return parsed;
}

ParsedText ParseRich(internal::RichText rich, std::string_view content_type) {
  ParsedText parsed{.content = std::move(rich.text), .content_type = content_type};
  std::erase_if(parsed.content, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U && c != '\t' && c != '\n';
  });
  parsed.declared_title = std::move(rich.title);
  parsed.metadata = std::move(rich.metadata);
  parsed.blocks = internal::ReadMarkdownBlocks(parsed.content, 0);
  return parsed;
}

Result<ParsedText> ParseRich(Result<internal::RichText> rich, std::string_view content_type) {
  if (!rich) return Fail(std::move(rich).error());
  return ParseRich(*std::move(rich), content_type);
}

Result<internal::RichText> ReadPdfFile(std::string_view bytes) {
  auto pdf = internal::ReadPdf(bytes);
  if (!pdf) return Fail(std::move(pdf).error());
  return internal::RichText{std::move(pdf->text), std::move(pdf->title), std::move(pdf->metadata)};
}

Result<internal::RichText> ReadZipFile(std::string_view bytes);

// Formats whose bytes are no text.
Result<ParsedText> ParsePackage(Format format, std::string_view bytes) {
  switch (format) {
    case Format::kPdf:
      return ParseRich(ReadPdfFile(bytes), "application/pdf");
    case Format::kDocx:
      return ParseRich(internal::ReadDocx(bytes), kDocxType);
    case Format::kEpub:
      return ParseRich(internal::ReadEpub(bytes), "application/epub+zip");
    case Format::kMail:
      return ParseRich(internal::ReadEml(bytes), "message/rfc822");
    default:
      return ParseRich(ReadZipFile(bytes), "application/zip");
  }
}

bool IsPackage(Format format) { return format >= Format::kMail; }

Result<ParsedText> ParseAs(Format format, std::string text) {
  switch (format) {
    case Format::kMarkdown:
      return ParseMarkdown(std::move(text));
    case Format::kOrg:
      return ParseOrg(std::move(text));
    case Format::kHtml:
      return ParseHtml(text);
    case Format::kSubtitles:
      return ParseRich(internal::ReadSubtitles(text), "text/vtt");
    default:
      break;
  }
  ParsedText parsed = ParsePlain(std::move(text));
  if (format == Format::kCsv) parsed.content_type = "text/csv";
  return parsed;
}

struct BytesRead {
  ParsedText text;
  std::string encoding;  // empty for packages
};

Result<BytesRead> ReadAs(Format format, std::string_view bytes) {
  if (IsPackage(format)) {
    auto parsed = ParsePackage(format, bytes);
    if (!parsed) return Fail(std::move(parsed).error());
    return BytesRead{*std::move(parsed), ""};
  }
  const std::string_view declared =
      format == Format::kHtml ? internal::DeclaredHtmlEncoding(bytes) : std::string_view();
  auto decoded = internal::DecodeText(bytes, declared);
  if (!decoded) return Fail(std::move(decoded).error());
  auto parsed = ParseAs(format, std::move(decoded->text));
  if (!parsed) return Fail(std::move(parsed).error());
  return BytesRead{*std::move(parsed), std::move(decoded->encoding)};
}

// The documents in an archive, each under its name; archives in it are left alone.
Result<internal::RichText> ReadZipFile(std::string_view bytes) {
  const auto format_of = [](std::string_view name) {
    return FormatOf(name.substr(name.rfind('/') + 1));
  };
  const auto entries = internal::ReadZip(bytes, [&](std::string_view name) {
    const auto format = format_of(name);
    return format && format->format != Format::kZip && !name.starts_with("__MACOSX/");
  });
  if (!entries) return Fail(entries.error());
  internal::RichText all;
  std::size_t read = 0;
  std::size_t packages = 0;
  for (const internal::ZipEntry& entry : *entries) {
    const Format format = format_of(entry.name)->format;
    if (IsPackage(format) && ++packages > kMaxPackagesInZip) continue;
    auto one = ReadAs(format, entry.bytes);
    if (!one || internal::Trim(one->text.content).empty()) continue;
    if (all.text.size() > internal::kMaxRichText) {
      all.metadata["cut"] = "the texts are longer than 16 MiB";
      break;
    }
    all.text += fmt::format("{}# {}\n\n{}", all.text.empty() ? "" : "\n\n",
                            internal::OneLine(entry.name, kMaxTitleBytes),
                            internal::Trim(one->text.content));
    ++read;
  }
  if (read == 0) return Fail(Code::kInvalidArgument, "a ZIP file without documents");
  all.metadata["files"] = std::to_string(read);
  return all;
}

std::string ChooseTitle(const ParsedText& parsed, const std::string& name) {
  for (const std::string& title :
       {parsed.declared_title, internal::FirstHeading(parsed.blocks), parsed.fallback_title}) {
    std::string line = internal::OneLine(title, kMaxTitleBytes);
    if (!line.empty()) return line;
  }
  return internal::OneLine(name, kMaxTitleBytes);
}

// `path` as it is stored. File names are bytes; what is no UTF-8 cannot be shown or asked for.
Result<std::string> PathText(const std::filesystem::path& path) {
  std::string text = path.string();
  if (!IsValidUtf8(text)) return Fail(Code::kInvalidArgument, "its name is not UTF-8");
  if (text.size() > internal::kMaxPathBytes) {
    return Fail(Code::kInvalidArgument, "path longer than {} bytes", internal::kMaxPathBytes);
  }
  return text;
}

// Fills title, content, chunks and metadata of `document`; `name` is its title for want of another.
void TakeText(ParsedText&& parsed, const std::string& name, ParsedDocument& document) {
  document.chunks = internal::CutIntoChunks(parsed.content, parsed.blocks);
  document.chunk_terms.reserve(document.chunks.size());
  for (const Chunk& chunk : document.chunks) {
    document.chunk_terms.push_back(internal::TermsOf(chunk.content));
  }
  document.entities = internal::ExtractEntities(parsed.content);
  document.title = ChooseTitle(parsed, name);
  document.content_type = parsed.content_type;
  document.metadata = std::move(parsed.metadata);
  document.content = std::move(parsed.content);
}

}  // namespace

std::string SourceHash(std::string_view bytes) {
  return fmt::format("file-{}-{:016x}-{}", kParserVersion, Fnv1a(bytes), bytes.size());
}

Result<ParsedDocument> ParseFile(const std::filesystem::path& path, std::string_view bytes) {
  Result<std::string> path_text = PathText(path);
  if (!path_text) return Fail(std::move(path_text).error());
  if (bytes.size() > kMaxFileBytes) {
    return Fail(Code::kResourceExhausted, "larger than {} MiB", kMaxFileBytes >> 20U);
  }
  std::string name = path.filename().string();
  const bool compressed = name.ends_with(".gz");
  if (compressed) name.resize(name.size() - 3);
  Result<NamedFormat> named = FormatOf(name);
  if (!named) return Fail(std::move(named).error());

  ParsedDocument document;
  document.path = *std::move(path_text);
  document.source_hash = SourceHash(bytes);
  std::string unpacked;
  if (compressed) {
    Result<std::string> contents = internal::Gunzip(bytes, kMaxFileBytes);
    if (!contents) return Fail(std::move(contents).error());
    unpacked = *std::move(contents);
    bytes = unpacked;
  }
  Result<BytesRead> read = ReadAs(named->format, bytes);
  if (!read) return Fail(std::move(read).error());
  TakeText(std::move(read->text), named->name, document);
  if (document.chunks.empty()) return Fail(Code::kInvalidArgument, "no text in it");
  if (!read->encoding.empty()) document.metadata.insert_or_assign("encoding", read->encoding);
  if (compressed) document.metadata.insert_or_assign("compression", "gzip");
  return document;
}

ParsedDocument ParseText(const std::filesystem::path& path, std::string_view content_type,
                         std::string content) {
  ParsedDocument document;
  document.path = path.string();
  ParsedText parsed;
  if (content_type == "text/org") {
    parsed = ParseOrg(std::move(content));
  } else if (content_type == "text/plain") {
    parsed = ParsePlain(std::move(content));
  } else {
    parsed = ParseMarkdown(std::move(content));
  }
  parsed.content_type = content_type;
  TakeText(std::move(parsed), path.stem().string(), document);
  return document;
}

}  // namespace baton::workspace
