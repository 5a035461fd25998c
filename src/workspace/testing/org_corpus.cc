#include "workspace/testing/org_corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.h"

namespace baton::workspace::testing {
namespace {

using org::Heading;
using org::ListItem;
using org::OrgFile;
using org::Span;

void Gather(std::vector<Span>& parts, Span span) {
  if (!span.empty()) parts.push_back(span);
}

// What the parser has cut out of the text, without what holds other parts.
std::vector<Span> PartsOf(const OrgFile& file) {
  std::vector<Span> parts;
  for (const Heading& heading : file.headings) {
    for (const Span span :
         {heading.stars, heading.keyword, heading.priority, heading.title, heading.tags}) {
      Gather(parts, span);
    }
    for (const auto& date : heading.planning) {
      Gather(parts, date.keyword);
      for (const auto& stamp : date.stamps) Gather(parts, stamp.span);
    }
  }
  for (const ListItem& item : file.items) {
    for (const Span span : {item.bullet, item.checkbox, item.term, item.text}) Gather(parts, span);
  }
  for (const auto& drawer : file.drawers) {
    Gather(parts, drawer.name);
    for (const auto& property : drawer.properties) {
      Gather(parts, property.key);
      Gather(parts, property.value);
    }
  }
  for (const auto& keyword : file.keywords) {
    Gather(parts, keyword.key);
    Gather(parts, keyword.value);
  }
  for (const auto& table : file.tables) {
    for (const auto& row : table.rows)
      std::ranges::for_each(row.cells, [&](Span s) { Gather(parts, s); });
  }
  for (const auto& clock : file.clocks) {
    for (const auto& stamp : clock.stamps) Gather(parts, stamp.span);
    Gather(parts, clock.duration);
  }
  for (const auto& block : file.blocks) {
    Gather(parts, block.type);
    Gather(parts, block.arguments);
  }
  std::ranges::sort(parts, {}, &Span::begin);
  return parts;
}

void CheckHeadings(const OrgFile& file) {
  for (std::size_t i = 0; i < file.headings.size(); ++i) {
    const Heading& heading = file.headings[i];
    const auto end = i + 1 < file.headings.size() ? file.headings[i + 1].section.begin
                                                  : static_cast<std::uint32_t>(file.text.size());
    BATON_CHECK(heading.section.begin == file.lines[heading.line].span.begin, "section begins");
    BATON_CHECK(heading.section.end == end, "sections lie next to each other");
    BATON_CHECK(heading.section.Contains(heading.head), "head within section");
    BATON_CHECK(heading.subtree.Contains(heading.section), "section within subtree");
    BATON_CHECK(heading.level == static_cast<int>(heading.stars.end - heading.stars.begin),
                "level");
    if (heading.parent < 0) continue;
    const Heading& parent = file.headings[heading.parent];
    BATON_CHECK(parent.level < heading.level, "a parent is above");
    BATON_CHECK(parent.subtree.Contains(heading.subtree), "subtree within the parent's");
  }
}

void CheckItems(const OrgFile& file) {
  std::uint32_t before = 0;
  for (const ListItem& item : file.items) {
    BATON_CHECK(item.span.begin == file.lines[item.line].span.begin, "an item begins its line");
    BATON_CHECK(item.span.begin >= before, "items in order");
    before = item.span.begin + 1;
    BATON_CHECK(item.heading == file.HeadingAt(item.span.begin), "the item's heading");
    if (item.parent >= 0) {
      const ListItem& parent = file.items[item.parent];
      BATON_CHECK(parent.indent < item.indent && parent.span.Contains(item.span), "sub-item");
    }
  }
}

template <typename List>
void CheckOrder(const OrgFile& file, const List& list) {
  std::uint32_t before = 0;
  for (const auto& each : list) {
    BATON_CHECK(each.span.begin >= before && each.span.end <= file.text.size(), "in order");
    BATON_CHECK(each.span.begin < each.span.end, "not empty");
    before = each.span.begin;
  }
}

}  // namespace

std::vector<CorpusFile> OrgCorpus() {
  std::vector<CorpusFile> files;
  for (const auto& entry : std::filesystem::directory_iterator("tests/corpus/org_fuzz")) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back(
        {entry.path().filename().string(), std::string((std::istreambuf_iterator<char>(in)), {})});
  }
  BATON_CHECK(!files.empty(), "tests/corpus/org_fuzz holds no files");
  std::ranges::sort(files, {}, &CorpusFile::name);
  return files;
}

std::string RebuildOrgText(const OrgFile& file) {
  const std::vector<Span> parts = PartsOf(file);
  std::string out;
  auto part = parts.begin();
  // A byte order mark is before the first line.
  if (!file.lines.empty()) out = file.text.substr(0, file.lines.front().span.begin);
  if (file.lines.empty()) out = file.text;
  for (const org::Line& line : file.lines) {
    BATON_CHECK(line.span.begin == out.size(), "a gap between lines");
    for (; part != parts.end() && part->begin < line.span.end; ++part) {
      BATON_CHECK(part->begin >= out.size(), "parts overlap");
      BATON_CHECK(line.span.Contains(*part), "a part leaves its line");
      out += file.Text({static_cast<std::uint32_t>(out.size()), part->begin});
      out += file.Text(*part);
    }
    out += file.Text({static_cast<std::uint32_t>(out.size()), line.span.end});
  }
  BATON_CHECK(part == parts.end(), "a part behind the last line");
  return out;
}

void CheckOrgStructure(const OrgFile& file) {
  CheckHeadings(file);
  CheckItems(file);
  CheckOrder(file, file.drawers);
  CheckOrder(file, file.blocks);
  CheckOrder(file, file.tables);
  CheckOrder(file, file.stamps);
  CheckOrder(file, file.links);
}

}  // namespace baton::workspace::testing
