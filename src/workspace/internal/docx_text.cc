// Word documents (ECMA-376).
#include <string>

#include <pugixml.hpp>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/rich_text.h"
#include "workspace/internal/xml_size.h"
#include "workspace/internal/zip_entries.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxDocxTitle = 300;

// 1 to 6 for "Heading1" and its like, 0 for none.
int HeadingLevelOf(std::string_view style) {
  if (style == "Title") return 1;
  for (const std::string_view name : {"Heading", "heading ", "berschrift", "Titre"}) {
    const std::size_t at = style.find(name);
    if (at == std::string_view::npos || at + name.size() >= style.size()) continue;
    const char digit = style[at + name.size()];
    if (digit >= '1' && digit <= '6') return digit - '0';
  }
  return 0;
}

// Writes Markdown while pugixml walks over the document, without recursion.
class DocxWalker final : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& node) override {
    const std::string_view name = node.name();
    if (name == "w:p") {
      EndParagraph();
      if (std::string_view(node.parent().name()) == "w:body") EndRow();
    } else if (name == "w:pStyle") {
      level_ = HeadingLevelOf(node.attribute("w:val").value());
    } else if (name == "w:numPr") {
      in_list_ = true;
    } else if (name == "w:tab") {
      // Within properties it sets a tab stop.
      if (std::string_view(node.parent().name()) == "w:r") line_ += '\t';
    } else if (name == "w:br" || name == "w:cr") {
      line_ += '\n';
    } else if (name == "w:tr") {
      EndRow();
      in_row_ = true;
    } else if (name == "w:tc") {
      EndParagraph();
      if (in_row_ && !row_.empty()) row_ += " | ";
    } else if (name == "w:tbl" || name == "w:sectPr") {
      EndRow();
    } else if (name == "w:t") {
      line_ += node.child_value();
    }
    return text_.size() < kMaxRichText;
  }

  std::string Take() && {
    EndRow();
    return std::move(text_);
  }

 private:
  void EndParagraph() {
    const std::string_view line = Trim(line_);
    const bool in_table = in_row_;
    if (!line.empty() && in_table) {
      if (!row_.empty() && !row_.ends_with(" | ")) row_ += ' ';
      row_ += OneLine(line, line.size());
    } else if (!line.empty()) {
      text_ += text_.empty() ? "" : "\n\n";
      if (level_ > 0) {
        text_ +=
            std::string(static_cast<std::size_t>(level_), '#') + ' ' + OneLine(line, line.size());
      } else {
        text_ += in_list_ ? "- " : "";
        text_ += line;
      }
    }
    line_.clear();
    level_ = 0;
    in_list_ = false;
  }

  void EndRow() {
    EndParagraph();
    if (!row_.empty()) text_ += (text_.empty() ? "" : "\n\n") + row_;
    row_.clear();
    in_row_ = false;
  }

  std::string text_;
  std::string line_;
  std::string row_;
  int level_ = 0;
  bool in_list_ = false;
  bool in_row_ = false;
};

}  // namespace

Result<RichText> ReadDocx(std::string_view bytes) {
  const auto entries = ReadZip(bytes, [](std::string_view name) {
    return name == "word/document.xml" || name == "docProps/core.xml";
  });
  if (!entries) return Fail(entries.error());
  const std::string* main = FindEntry(*entries, "word/document.xml");
  if (main == nullptr)
    return Fail(Code::kInvalidArgument, "no Word document: no word/document.xml");
  BATON_TRY(CheckXmlSize(*main));
  pugi::xml_document document;
  const auto parsed =
      document.load_buffer(main->data(), main->size(), pugi::parse_default | pugi::parse_ws_pcdata);
  if (!parsed) {
    return Fail(Code::kInvalidArgument, "a broken Word document: {}", parsed.description());
  }
  DocxWalker walker;
  document.traverse(walker);
  RichText rich{.text = ReplaceInvalidUtf8(std::move(walker).Take())};
  pugi::xml_document properties;
  if (const std::string* core = FindEntry(*entries, "docProps/core.xml");
      core != nullptr && CheckXmlSize(*core).ok() &&
      properties.load_buffer(core->data(), core->size())) {
    const pugi::xml_node all = properties.child("cp:coreProperties");
    rich.title = OneLine(ReplaceInvalidUtf8(all.child_value("dc:title")), kMaxDocxTitle);
    const std::string author =
        OneLine(ReplaceInvalidUtf8(all.child_value("dc:creator")), kMaxDocxTitle);
    if (!author.empty()) rich.metadata["author"] = author;
  }
  return rich;
}

}  // namespace baton::workspace::internal
