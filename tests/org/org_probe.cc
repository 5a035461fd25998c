// Reads an org file from standard input and prints its outline as JSON, in terms that every
// parser of org has.
#include <algorithm>
#include <cctype>
#include <iostream>
#include <iterator>
#include <string>

#include "json/json.h"
#include "workspace/org/org_file.h"

namespace baton::probe {
namespace {

using workspace::org::OrgFile;
using workspace::org::Span;
using workspace::org::StampAt;

std::string TextIn(const OrgFile& file, Span span) { return std::string(file.Text(span)); }

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

json::Array TagList(const OrgFile& file, Span span) {
  json::Array tags;
  std::string_view rest = file.Text(span);
  while (rest.size() > 1) {
    rest.remove_prefix(1);
    const std::string_view tag = rest.substr(0, rest.find(':'));
    if (!tag.empty()) tags.emplace_back(tag);
    rest.remove_prefix(tag.size());
  }
  return tags;
}

// Stamps as written, a range as one.
json::Array StampList(const OrgFile& file, const std::vector<StampAt>& stamps) {
  json::Array list;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    Span span = stamps[i].span;
    if (stamps[i].opens_range && i + 1 < stamps.size()) span.end = stamps[++i].span.end;
    list.emplace_back(TextIn(file, span));
  }
  return list;
}

json::Array Headings(const OrgFile& file) {
  constexpr std::string_view kPlanned[] = {"scheduled", "deadline", "closed"};
  json::Array list;
  for (const auto& heading : file.headings) {
    json::Object out{{"level", heading.level},
                     {"keyword", TextIn(file, heading.keyword)},
                     {"priority", TextIn(file, heading.priority)},
                     {"title", TextIn(file, heading.title)},
                     {"tags", TagList(file, heading.tags)}};
    for (const auto& date : heading.planning) {
      out[kPlanned[static_cast<int>(date.kind)]] = StampList(file, date.stamps);
    }
    json::Array properties;
    if (heading.properties >= 0) {
      for (const auto& property : file.drawers[heading.properties].properties) {
        properties.push_back(json::Array{TextIn(file, property.key), TextIn(file, property.value)});
      }
    }
    out["properties"] = std::move(properties);
    list.push_back(std::move(out));
  }
  return list;
}

json::Array Items(const OrgFile& file) {
  json::Array list;
  for (const auto& item : file.items) {
    list.push_back(json::Object{
        {"line", item.line},
        {"bullet", TextIn(file, item.bullet)},
        {"checkbox", TextIn(file, item.checkbox)},
        {"term", TextIn(file, item.term)},
        {"parent", item.parent < 0 ? -1 : static_cast<int>(file.items[item.parent].line)}});
  }
  return list;
}

json::Array Tables(const OrgFile& file) {
  json::Array tables;
  for (const auto& table : file.tables) {
    json::Array rows;
    for (const auto& row : table.rows) {
      json::Array cells;
      for (const Span cell : row.cells) cells.emplace_back(TextIn(file, cell));
      rows.push_back(row.rule ? json::Value(nullptr) : json::Value(std::move(cells)));
    }
    tables.push_back(std::move(rows));
  }
  return tables;
}

json::Object Outline(const OrgFile& file) {
  json::Array blocks;
  for (const auto& block : file.blocks) blocks.emplace_back(LowerCase(TextIn(file, block.type)));
  json::Array drawers;
  for (const auto& drawer : file.drawers) drawers.emplace_back(TextIn(file, drawer.name));
  json::Array clocks;
  for (const auto& clock : file.clocks) {
    clocks.push_back(json::Array{StampList(file, clock.stamps), TextIn(file, clock.duration)});
  }
  json::Array links;
  for (const auto& link : file.links) links.emplace_back(TextIn(file, link.target));
  json::Array keywords;
  for (const auto& keyword : file.keywords) {
    keywords.push_back(json::Array{TextIn(file, keyword.key), TextIn(file, keyword.value)});
  }
  return {{"headings", Headings(file)},
          {"items", Items(file)},
          {"tables", Tables(file)},
          {"blocks", std::move(blocks)},
          {"drawers", std::move(drawers)},
          {"clocks", std::move(clocks)},
          {"links", std::move(links)},
          {"keywords", std::move(keywords)},
          {"stamps", StampList(file, file.stamps)}};
}

}  // namespace
}  // namespace baton::probe

int main() {
  std::string text((std::istreambuf_iterator<char>(std::cin)), {});
  const auto file = baton::workspace::org::ParseOrgFile(std::move(text));
  if (!file) {
    std::cerr << file.error().ToString() << '\n';
    return 1;
  }
  std::cout << baton::json::Serialize(baton::probe::Outline(*file)) << '\n';
  return 0;
}
